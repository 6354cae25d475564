"""A folder of public data for tests: small made-up sets in the published layouts."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

from tests.corpus.readers.test_warc import answer, record

_NAMES = ("Ann", "Bob", "Cem", "Dora", "Eve", "Finn", "Gil", "Hana")
_THINGS = ("hat", "tree", "car", "ball", "boat", "book", "lamp", "door")
_SIZES = ("big", "small", "old", "new")
_COPIED, _GREETED = ("方法", "系统", "模型", "材料", "算法", "结构"), ("你好", "谢谢", "再见", "早上好", "晚安", "请进")
_EPITHETS = ("快速", "新型", "复杂", "稳定", "智能", "动态")
_WORDS = """
and that have with to be for from it as were had which when more people house water river morning letter
garden window school winter summer bridge market mountain village teacher doctor father mother sister brother friend
evening kitchen table paper story music window silver golden quiet narrow broken ancient little walked turned carried
opened found remembered followed answered waited wrote under over beyond before after between while because
"""
_CHINESE_NEWS = [
    "昨天下午，市政府在新闻发布会上介绍了今年城市建设的情况。",
    "记者从会上了解到，新修的两条地铁线路将在明年春天通车，沿线居民出行会更加方便。",
    "负责人表示，工程质量和安全始终放在第一位，施工单位每天都要检查设备。",
    "不少市民说，他们最关心的是票价和换乘，希望有关部门多听取大家的意见。",
]


def _write(path: Path, text: str) -> None:
    _write_bytes(path, gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def _write_bytes(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _lines(rows: Iterable[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _squad(subjects: Iterable[tuple[str, str]]) -> str:
    articles = [
        {
            "paragraphs": [
                {
                    "context": f"{kind}{what}由张三在1999年提出。它很有用。人们用{kind}{what}来工作。",
                    "qas": [{"question": f"谁提出了{kind}{what}？", "answers": [{"text": "张三", "answer_start": 5}]}],
                }
            ]
        }
        for kind, what in subjects
    ]
    return json.dumps({"data": articles}, ensure_ascii=False)


def public_data(root: Path) -> Path:
    """A folder of public data: the files of small made-up sets, in their published forms."""
    english = [f"{name} sees the {size} {thing}." for size, name, thing in product(_SIZES, _NAMES, _THINGS)]
    subjects = list(product(_EPITHETS, _COPIED))
    chinese = [f"{name}看见了{kind}的{what}。" for name, (kind, what) in product(_NAMES, subjects)]
    tabbed = "".join(f"{one}\t{two}\tby\n" for one, two in zip(english, chinese, strict=False))
    _write(root / "tatoeba-en-zh" / "cmn-eng.train.tsv.gz", tabbed)
    abstracts = [
        f"to title\t针对{one},提出了{two}.仿真表明它有效.{one}得到了改进.\t{one}的{two}\n"
        for one, two in product(map("".join, subjects[:9]), map("".join, subjects[9:15]))
    ]
    _write(root / "csl-title-zh" / "dev.tsv", "".join(abstracts))
    for part, names in (("train.jsonl.gz", _NAMES[2:]), ("dev.jsonl", _NAMES[:2])):
        told = [{"dialogue": f"#Person1#: {name} left.\n#Person2#: Oh.", "summary": f"{name} left."} for name in names]
        _write(root / "dialogsum" / f"dialogsum.{part}", _lines(told))
    _write(root / "cmrc2018" / "cmrc2018_dev.squad.json.gz", _squad(subjects[4:]))
    _write(root / "cmrc2018" / "cmrc2018_trial.squad.json.gz", _squad(subjects[:4]))
    talks = [{"instruction": f"{word}是什么？", "input": "", "output": f"{word}是一句话。" * 3} for word in _GREETED]
    _write(root / "alpaca-zh" / "alpaca_zh.jsonl.gz", _lines(talks))
    for language, said in (("en", english), ("de", english[::-1]), ("zh", chinese)):
        dialogues = [f"{one} __eou__ {two} __eou__\n" for one, two in zip(said[:40], said[24:64], strict=True)]
        _write(root / "xdailydialog" / f"{language}_dev_human.txt", "".join(dialogues))
    served = [
        [{"utterance": one}, {"utterance": f"The {thing}? Yes."}]
        for one, thing in zip(english, 32 * _THINGS, strict=True)
    ]
    _write(root / "sgd-dialog" / "sgd_train_slice.jsonl.gz", _lines({"turns": turns} for turns in served))
    passages = "".join(f" = {name} = \n\n {' '.join(english)} \n" for name in _NAMES)
    _write(root / "wikitext-2" / "train.txt.gz", passages)
    for book in ("alice_pg11.txt", "pride_and_prejudice_pg1342.txt", "war_and_peace.txt.gz"):
        _write(root / "gutenberg" / book, "\n\n".join(f"{book}: {text}" for text in english * 20))
    for name, bad in (("agreement", "see"), ("forms", "seeing")):
        pairs = [{"sentence_good": text, "sentence_bad": text.replace("sees", bad)} for text in english[:8]]
        _write(root / "blimp" / f"{name}.jsonl.gz", _lines(pairs))
    labelled = [{"label_desc": what, "sentence": f"{kind}{what}发布"} for kind, what in subjects]
    for part, rows in (("train_few_all", labelled[6:]), ("dev_few_all", labelled[:3]), ("test_public", labelled[3:6])):
        _write(root / "fewclue" / "tnews" / f"{part}.json", _lines(rows))
    judged = [{"label": ("Positive", "Negative")[at % 2], "sentence": text} for at, text in enumerate(chinese[:48])]
    for part, rows in (("train_few_all", judged[16:]), ("dev_few_all", judged[:8]), ("test_public", judged[8:16])):
        _write(root / "fewclue" / "eprstmt" / f"{part}.json", _lines(rows))
    for task in ("tnews", "eprstmt"):
        _write(root / "fewclue" / task / "unlabeled.json.gz", _lines({"sentence": text} for text in chinese))
    tweets = "".join(f"{at},{at % 3},{text}\n" for at, text in enumerate(english[:90]))
    _write(root / "davidson-hate" / "labeled_data.csv", "n,class,tweet\n" + tweets)
    told = [
        {"instruction": f"Who sees the {thing}?", "response": f"{name} sees it."}
        for name in _NAMES
        for thing in _THINGS
    ]
    _write(root / "dolly-nocontext" / "dolly_first6400_instruction_response.jsonl.gz", _lines(told))
    _write(
        root / "alpaca-en" / "alpaca_data.jsonl.gz", _lines({**row, "output": row["response"]} for row in told[::-1])
    )
    comments = [f"{at},{at % 2},{text}\n" for at, text in enumerate(chinese[:60])]
    _write(root / "cold-zh" / "train.csv.gz", "".join(["n,label,TEXT\n", *comments[:40]]))
    _write(root / "cold-zh" / "dev.csv", "".join(["n,label,TEXT\n", *comments[40:]]))
    _collected(root)
    return root


def _prose(seed: int, sentences: int = 12) -> str:
    """Sentences that no filter of a corpus takes for a list, a menu or a copy of another text."""
    rng, words_known, told = random.Random(seed), _WORDS.split(), []
    for _ in range(sentences):
        words = [rng.choice(words_known) for _ in range(rng.randint(8, 16))]
        told.append(" ".join([rng.choice(("The", "That", "This")), *words, "of the", rng.choice(words_known)]) + ".")
    return " ".join(told)


def _collected(root: Path) -> None:
    """What `web-zh-en` collects, and what it keeps out of its text."""
    page = "<html><head><title>{0}</title></head><body><article><h1>{0}</h1><p>{1}</p></article></body></html>"
    pages = [page.format(f"Page {seed}", _prose(seed)).encode() for seed in range(30)]
    _write_bytes(
        root / "warc" / "crawl.warc", b"".join(record(answer(each, "Content-Type: text/html")) for each in pages)
    )
    _write(root / "html-trafilatura" / "cache" / "page.html", page.format("Another", _prose(100)))
    _write(root / "html-zh-raw" / "page.html.gz", page.format("新闻", "".join(_CHINESE_NEWS)))
    _write(root / "pretrain-samples" / "wiki_demo.txt", "\n".join(_prose(seed) for seed in range(200, 220)))
    _write(root / "zh-poetry" / "lunyu.json", json.dumps([{"chapter": "学而", "paragraphs": _CHINESE_NEWS}]))
    _write(root / "piqa" / "valid.jsonl", _lines({"goal": _prose(300, 1), "sol1": "so", "sol2": "or so"} for _ in "12"))
    _write(root / "piqa" / "valid-labels.lst", "0\n1\n")
    asked = [
        {"question": "Which is it?", "answer": text, "label": label} for text, label in (("this", "1"), ("that", "0"))
    ]
    _write(root / "arc-challenge" / "arc_challenge_val.jsonl", _lines(asked))
    _write(
        root / "cmmlu" / "test" / "history.csv", ",Question,A,B,C,D,Answer\n0,谁提出了方法？,张三,李四,王五,赵六,B\n"
    )
