"""Lines of web pages that are no text: notices, links and buttons beside the article, in English and Chinese.

Of two sorts: what says it anywhere in a short line (C4's words: arXiv 1910.10683, section 2.2), and lines that are
nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from chatwright.corpus.collection.settings import LineKind

Cut = tuple[LineKind, str]  # the kind of a line, and the line

_LONGEST = 400  # characters of a line that may go for what it says somewhere; longer ones are paragraphs about it
_LONGEST_ALONE = 120  # characters of a line that is nothing else

_ANYWHERE: dict[LineKind, tuple[str, ...]] = {
    "javascript": (r"\bjavascript\b",),
    "policy": (
        r"terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies",
        r"(?:使用|接受|启用)\s?cookies?",
        r"(?:阅读|同意|查看|接受|遵守).{0,12}(?:隐私政策|隐私条款|隐私声明|使用条款|服务条款|用户协议)",
    ),
    "rights": (
        r"all rights reserved|版权所有|著作权归.{0,30}所有|ICP[备证]|公网安备",
        r"未经.{0,16}(?:授权|许可|允许|同意).{0,8}(?:转载|复制|使用|转帖|建立镜像)",
        r"转载.{0,6}(?:请|须|需|必须|务必)(?:注明|标明|联系|保留)",
        r"(?:仅|只|不)代表(?:作者|本人|本网|本站).{0,6}(?:观点|立场)|侵权.{0,8}(?:删除|删稿|联系)",
    ),
}

_SITES = (
    r"facebook|twitter|x|whatsapp|linkedin|pinterest|reddit|e-?mail|telegram|tumblr|instagram|youtube|google\+?"
    r"|social media"
)
_THIS = r"(?:this|the) (?:article|post|page|story|entry|content|video|recipe|site|blog)"
_HAN_SITES = r"微信|微博|新浪微博|腾讯微博|朋友圈|QQ空间|QQ好友|QQ|人人网?|开心网|豆瓣|公众号|抖音|头条"
_HAN_CREDITS = (
    r"责任编辑|责编|编辑|编审|审核|校对|初审|复审|终审|监制|来源|稿源|信息来源|文章来源"
    r"|新闻来源|本文来源|图片?来源|原文链接"
)

_ALONE: dict[LineKind, tuple[str, ...]] = {
    "rights": (
        r"(?:copyright|©|\(c\))[\s©]*(?:\(c\)\s*)?(?:©\s*)?(?:19|20)\d\d.*",
        r"免责声明.*|版权声明.*|法律声明|本文.{0,12}(?:转载|摘)自.*",
    ),
    "sharing": (
        r"(?:please |click to |like this\? )?(?:share|tweet|like|pin|print|save|e-?mail|forward|bookmark)"
        rf" (?:this|{_THIS}|it)(?: (?:to|on|with|via|by|in) .*)?[.!:]?",
        r"(?:click to )?(?:share|tweet|pin|post|send|follow us|like us|find us|join us|connect with us|follow me)"
        rf" (?:it )?(?:on|to|via|by|with) (?:our )?(?:{_SITES})(?:(?:,? (?:and|or) |, | )(?:{_SITES}))*"
        r"(?: \(opens in (?:a )?new window\))?[.!:]?",
        r"(?:share|follow) (?:us|me|this)?[:!.]?|[\d,.]+k? (?:shares|likes|tweets)|sharing is caring!?",
        rf"(?:一键)?(?:分享|转发|转贴)(?:本文)?(?:到|至|给)[:：]?.{{0,40}}|分享[:：](?:\s*(?:{_HAN_SITES}))*",
        r"(?:用|打开)?(?:微信)?扫一扫.{0,40}|(?:长按|扫描|扫码|识别).{0,10}二维码.{0,30}",
        r".{0,20}微信公众号[:：].{0,30}",
        rf"(?:欢迎|请|点击|立即)?关注(?:我们|本站|官方)?(?:的)?(?:{_HAN_SITES}).{{0,30}}",
    ),
    "credits": (
        r"(?:reporting|writing|additional reporting) by .{3,60}; ?editing by .*",
        rf"[（(【\[]?\s*(?:{_HAN_CREDITS})\s*[:：|｜丨][^。！？]{{0,40}}",
    ),
    "navigation": (
        r"(?:[\^↑] ?)?(?:back to|return to|go to|skip to|jump to) (?:the )?"
        r"(?:top|main content|content|home ?page|navigation|menu|search)",
        r"(?:[«‹←<]+ ?)?(?:previous|older|prev) (?:post|article|page|story|entry|posts|entries)s?:?",
        r"(?:next|newer) (?:post|article|page|story|entry|posts|entries)s?:?(?: ?[»›→>]+)?",
        r"(?:read|learn|show|see|view|load|find out) (?:more|less|all)"
        r"(?: (?:articles|posts|comments|stories|news))?(?: ?[»›→>.…]+)?",
        r"(?:continue|keep) reading(?: below)?(?: the main story)?(?: ?[»›→>.…]+)?",
        r"you (?:may|might) also (?:like|be interested in)[:.…]?",
        r"(?:related|recommended|popular|recent|trending|latest|similar|most read)"
        r" (?:articles?|posts?|stories|news|topics|links|content|comments|products)[:.…]?",
        r"(?:please )?(?:log|sign) ?in(?: or (?:register|sign up|create an account))?"
        r"(?: to (?:comment|reply|post|vote).{0,30})?\.?",
        r"(?:leave|post|add|write) (?:a|your) (?:comment|reply|review)|cancel reply",
        r"(?:\d+|no) comments?(?: yet)?|comments? \(\d+\)",
        r"(?:subscribe|sign up) (?:now|today|here|(?:to|for) our (?:free )?newsletters?.{0,40})[.!]?",
        r"click here (?:to|for) .{0,40}|page \d+ of \d+|(?:toggle|main|site) (?:navigation|menu)",
        r"advertisements?|sponsored content",
        r"(?:home|首页)\s?[>»›＞]\s?.{1,60}|(?:上|下)一(?:篇|页|章|条)(?:\s?[:：].{0,40})?"
        r"|返回(?:首页|顶部|列表|目录|上一页|主页|页首)",
        r"(?:相关|推荐|热门|更多|精彩|延伸|猜你)(?:阅读|新闻|文章|推荐|内容|报道|链接|评论|资讯|专题|喜欢)[:：]?",
        r"(?:点击)?(?:查看|阅读|加载|展开|浏览)(?:更多|全文|原文|剩余)[^。]{0,8}",
        r"点击(?:进入|查看|下载|此处|这里)[^。]{0,16}",
        r"[【\[]?(?:字号|字体)[】\]]?[:：]?[\s【】\[\]大中小号+\-TAT|]*|打印本[页文]|关闭(?:本页|窗口)",
        r"[【\[](?:打印|关闭)(?:本页|本文|窗口)?[】\]]",
        r"(?:您|你)?(?:现在|当前|目前)?的?(?:所在)?位置[:：].{0,60}",
        r"(?:发表|我要|网友|查看|最新|热门)评论(?:\s?[(（]\d+[)）])?|\d+\s?条评论",
        r"(?:收藏|加入|举报)本[页站文]|设为首页|加入收藏|我要(?:纠错|投稿|举报)|(?:正在)?加载中[.…]*",
        r"意见反馈|网站地图",
    ),
}
# What is a link only beside others: a line with nothing but "Search" may be a heading.
_LISTED = (
    r"home|about(?: us)?|contact(?: us)?|privacy|terms|search|menu|login|register|sitemap|help|faq|rss|print|e-?mail"
    r"|share|tweet|next|previous|prev|first|last|news|blog|shop|advertise|careers|jobs"
    rf"|{_SITES}|{_HAN_SITES}|首页|登录|注册|关于我们|联系我们|帮助|打印|关闭|收藏|分享|评论|点赞|转发|举报"
    r"|大|中|小|设为首页|广告服务|招聘信息|友情链接"
)
_BETWEEN = re.compile(r"\s*[|｜·•»›>→←/┊]\s*|\s{2,}|\t")


def without_boilerplate(text: str, kinds: Collection[LineKind]) -> tuple[str, list[Cut]]:
    """The text without its lines of these kinds, and those lines; where nothing goes, the text as it is.

    Of a line of several kinds the first is told, those that are sought anywhere before the others.
    """
    anywhere, alone = _patterns(tuple(kinds))
    lines, kept, cut = text.split("\n"), list[str](), list[Cut]()
    for line in lines:
        kind = _kind(line.strip(), anywhere, alone, "navigation" in kinds)
        if kind is None:
            kept.append(line)
        else:
            cut.append((kind, line))
    return ("\n".join(kept) if cut else text), cut


def _kind(
    line: str, anywhere: re.Pattern[str] | None, alone: re.Pattern[str] | None, navigation: bool
) -> LineKind | None:
    if not line or len(line) > _LONGEST:
        return None
    found = anywhere.search(line) if anywhere else None
    if found is None and len(line) <= _LONGEST_ALONE:
        found = alone.fullmatch(line) if alone else None
        if found is None and navigation and _is_list(line):
            return "navigation"
    return found.lastgroup if found else None  # type: ignore[return-value]  # the groups are named by kinds


def _is_list(line: str) -> bool:
    """Whether a line is a row of links: "Home | Search | Contact us"."""
    parts = [part for part in _BETWEEN.split(line) if part]
    return len(parts) > 1 and all(_listed().fullmatch(part) for part in parts)


@cache
def _listed() -> re.Pattern[str]:
    alone = "|".join(pattern for patterns in _ALONE.values() for pattern in patterns)
    return re.compile(f"{_LISTED}|{alone}", re.IGNORECASE)


@cache
def _patterns(kinds: tuple[LineKind, ...]) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """What is sought anywhere, and what a whole line has to be."""
    return _joined(_ANYWHERE, kinds), _joined(_ALONE, kinds)


def _joined(patterns: Mapping[LineKind, tuple[str, ...]], kinds: Collection[LineKind]) -> re.Pattern[str] | None:
    """One pattern of all, with a group for each kind."""
    groups = [f"(?P<{kind}>{'|'.join(own)})" for kind, own in patterns.items() if kind in kinds]
    return re.compile("|".join(groups), re.IGNORECASE) if groups else None
