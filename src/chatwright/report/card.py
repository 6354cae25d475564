"""The model card: Markdown with the metadata from which result tables are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatwright.report import formats
from chatwright.report.collected import CARD_PAGE, CORPUS_PAGE
from chatwright.report.scores import Score
from chatwright.report.story import KINDS, Story

# Our name of a score → (the hub's metric type, its name in the card, the task it belongs to).
_PUBLISHED = {
    "what.exact_match": ("exact_match", "exact match, unseen phrasing", "question-answering"),
    "which.exact_match": ("exact_match", "exact match, description to name", "question-answering"),
    "follow-up.exact_match": ("exact_match", "exact match, second turn", "question-answering"),
    "what.token_f1": ("f1", "token F1, unseen phrasing", "question-answering"),
    "unknown.declined": ("accuracy", "made-up names declined", "question-answering"),
    "held-out.exact_match": ("exact_match", "exact match, held-out facts", "question-answering"),
    "translation.bleu": ("bleu", "BLEU, text as written", "translation"),
    "translation.bleu_detokenised": ("sacrebleu", "sacreBLEU, running text", "translation"),
    "translation.chrf": ("chrf", "chrF2, text as written", "translation"),
    "reading.exact_match": ("exact_match", "exact match", "question-answering"),
    "reading.token_f1": ("f1", "token F1", "question-answering"),
    "blimp.accuracy": ("accuracy", "BLiMP, mean over paradigms", "text-generation"),
    "piqa.accuracy": ("accuracy", "PIQA, zero-shot", "text-generation"),
    "arc-challenge.accuracy": ("accuracy", "ARC-Challenge, zero-shot", "text-generation"),
    "cmmlu.accuracy": ("accuracy", "CMMLU, zero-shot", "text-generation"),
    "mmlu.accuracy": ("accuracy", "MMLU, zero-shot", "text-generation"),
    "right answer.accuracy": ("accuracy", "the right answer among others", "text-generation"),
    "language.perplexity": ("perplexity", "perplexity of unread text, per token", "text-generation"),
    "summary.rouge_1": ("rouge", "ROUGE-1, held-out texts", "summarization"),
    "summary.rouge_2": ("rouge", "ROUGE-2, held-out texts", "summarization"),
    "summary.rouge_l": ("rouge", "ROUGE-L, held-out texts", "summarization"),
    "summary.bleu": ("bleu", "BLEU, held-out texts", "summarization"),
    "summary.chrf": ("chrf", "chrF2, held-out texts", "summarization"),
    "classification.accuracy": ("accuracy", "accuracy", "text-classification"),
    "classification.macro_f1": ("f1", "macro-F1", "text-classification"),
    "classification.auroc": ("roc_auc", "AUROC", "text-classification"),
}
# Public tasks that a run may be asked: (the hub's name, what of it is asked, its split).
_PUBLIC = {
    "blimp.accuracy": ("nyu-mll/blimp", "BLiMP", "train"),
    "piqa.accuracy": ("ybisk/piqa", "PIQA", "validation"),
    "arc-challenge.accuracy": ("allenai/ai2_arc", "ARC-Challenge", "validation"),
    "cmmlu.accuracy": ("haonan-li/cmmlu", "CMMLU", "test"),
    "mmlu.accuracy": ("cais/mmlu", "MMLU", "test"),
}
_CHECKED = "Answers were checked before they were scored: about a name only where the conversation mentions that name."
_TASK_NAMES = {
    "question-answering": "Question answering",
    "summarization": "Summarization",
    "translation": "Translation",
    "text-classification": "Text classification",
    "text-generation": "Text generation",
}
_ELSEWHERE = (
    "It has seen only texts of the kind it was trained on; about others it {does} what {seems} right there. "
    "It is small, and this report does not audit it for harm.\n"
)
_WRITES = _ELSEWHERE.format(does="writes", seems="sounds")


@dataclass(frozen=True)
class Purpose:
    """What a model is for: the hub's name of its task, how it is used, which questions score it, where it ends."""

    pipeline_tag: str
    use: str
    split: str
    limits: str


_USE_OF_PAIRS = "Use it with `chatwright generate`: what it is given is the source, what it writes the {target}.\n"
_CHAT = Purpose(
    "text-generation",
    "Talk to it with `chatwright chat`. Its answers come from its weights: it looks nothing up.\n",
    "questions",
    "",  # depends on what was kept from training
)
_ANSWERS = Purpose(
    "text-generation",
    "Talk to it with `chatwright chat`. Its answers come from its weights: it looks nothing up.\n",
    "test",
    _WRITES,
)
_READ = Purpose(
    "text-generation",
    "Use it with `chatwright generate`: it goes on from the text that it is given. It has not learnt to answer.\n",
    "validation",
    _WRITES,
)
_FILLS = Purpose(
    "fill-mask",
    "It says which tokens are missing in a text: a body to finetune, not an assistant.\n",
    "validation",
    _ELSEWHERE.format(does="finds", seems="fits"),
)
_PURPOSES = {  # by the task that scored it
    "translation": Purpose("translation", _USE_OF_PAIRS.format(target="translation"), "test", _WRITES),
    "reading": Purpose("question-answering", _USE_OF_PAIRS.format(target="answer"), "test", _WRITES),
    "summary": Purpose("summarization", _USE_OF_PAIRS.format(target="summary"), "test", _WRITES),
    "classification": Purpose(
        "text-classification",
        "Use it with `chatwright generate`: it says how likely each label of a text is.\n",
        "test",
        _ELSEWHERE.format(does="says", seems="seems"),
    ),
}


def model_card(story: Story, *, has_curves: bool) -> str:
    """The card as Markdown with YAML front matter (the `model-index` of the Hugging Face hub).

    Shares are published as percentages, ROUGE and F1 likewise; BLEU and chrF are from 0 to 100.
    """
    import yaml

    front = yaml.safe_dump(_metadata(story), sort_keys=False, allow_unicode=True, width=100)
    parts = [
        f"---\n{front}---\n",
        f"# {_plain(story.title)}\n",
        f"{_plain(story.summary)}\n",
        _purpose(story).use,
        _scores_section(story),
        "![Loss curves](curves.png)\n" if has_curves else "",
        _data_section(story),
        _cost_section(story),
        _limits_section(story),
        "All figures come from the manifests and metric logs of the run; "
        "`scores.json` beside this card holds every one of them, `index.html` shows them.\n",
    ]
    return "\n".join(part for part in parts if part)


def _purpose(story: Story) -> Purpose:
    """What the model is for, by what it was taught and by which task it was scored."""
    taught = story.record.settings("corpus")
    if "messages" in taught:
        return _ANSWERS
    if "text" in taught:
        return _FILLS if taught["text"].get("objective") == "masked" else _READ
    tasks = story.record.scores.get("tasks") or {}
    return _PURPOSES.get(next(iter(tasks)), _CHAT) if len(tasks) == 1 else _CHAT


def _metadata(story: Story) -> dict[str, Any]:
    licence = story.record.figures("corpus").get("license")
    metadata: dict[str, Any] = {}
    if languages := story.settings.languages:
        metadata["language"] = list(languages)
    metadata["license"] = "other" if licence else "unknown"
    if licence:
        metadata["license_name"] = str(licence)
    metadata["library_name"] = "chatwright"
    metadata["pipeline_tag"] = _purpose(story).pipeline_tag
    base = story.record.base
    if base:
        metadata["base_model"] = base
    begun = ["finetuned"] if base else ["trained-from-scratch"]
    metadata["tags"] = list(dict.fromkeys(["chatwright", *begun, *story.settings.tags]))
    if results := _results(story):
        metadata["model-index"] = [{"name": story.title, "results": results}]
    return metadata


def _results(story: Story) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, (kind, label, task) in _PUBLISHED.items():
        if score := story.scores.get(name):
            metric = {"type": kind, "name": label, "value": _published(score), "verified": False}
            found.setdefault((task, name if name in _PUBLIC else ""), []).append(metric)
    own = (story.recipe, story.source or story.recipe, _purpose(story).split)
    return [
        {
            "task": {"type": task, "name": _TASK_NAMES[task]},
            "dataset": dict(zip(("type", "name", "split"), _PUBLIC.get(public, own), strict=True)),
            "metrics": metrics,
        }
        for (task, public), metrics in found.items()
    ]


def _published(score: Score) -> float:
    return round(score.value * (100 if score.unit in ("share", "0 to 1") else 1), 2)


def _scores_section(story: Story) -> str:
    if not story.headlines:
        return ""
    lines = ["## Scores\n", "| what | score | interval | questions |", "|---|---|---|---|"]
    for kind, score in story.headlines:
        count = formats.number(score.n) if score.n else formats.DASH
        baseline = story.scores.get(kind.baseline)
        beside = f"; {kind.baseline_is}: {formats.measure(baseline.value, score.unit)}" if baseline else ""
        explained = f"{kind.label} ({kind.explanation}{beside})".replace("|", "\\|")
        lines.append(f"| {explained} | {score.text} | {score.interval or formats.DASH} | {count} |")
    checked = story.record.settings("evaluate").get("generate", {}).get("grounded", False)
    if checked and (
        alone := [(kind, story.scores[f"alone.{kind.name}"]) for kind in KINDS if f"alone.{kind.name}" in story.scores]
    ):
        told = ", ".join(f"{kind.label.rstrip('?!')} {score.text}" for kind, score in alone)
        lines += ["", f"{_CHECKED} Without this check, the weights alone: {told}."]
    signatures = story.record.scores.get("signatures") or {}
    lines += ["", *(f"- {formats.words(name)}: `{text}`" for name, text in signatures.items())]
    return "\n".join(lines) + "\n"


def _data_section(story: Story) -> str:
    if not story.source:
        return ""
    told = [formats.sentence(story.source), *(f"{question}: {rule}" for question, rule in story.rules)]
    parts = [_plain(text) for text in told]
    if collected := story.record.collected:
        card = f", and its [data card](../{CARD_PAGE})" if collected.card else ""
        parts.append(f"{collected.headline}: [what the model has read, and what went]({CORPUS_PAGE}){card}.")
    return "## Data\n\n" + "\n\n".join(parts) + "\n"


def _cost_section(story: Story) -> str:
    cost = story.cost
    facts = [
        f"{formats.duration(cost.seconds)} for all stages",
        f"{cost.watt_hours:.1f} Wh if the machine draws {formats.number(story.settings.watts)} W (assumed)",
    ]
    if cost.flops is not None:
        facts.append(f"{formats.scaled(cost.flops, 'FLOP')} of training")
    if cost.peak_share is not None:
        facts.append(f"{formats.percent(cost.peak_share)} of the machine's measured peak")
    return "## Cost\n\n" + "\n".join(f"- {fact}" for fact in facts) + "\n"


def _limits_section(story: Story) -> str:
    if told := _purpose(story).limits:
        return f"## Limits\n\n{told}"
    held_out = story.scores.get("held-out.exact_match")
    unaided = f" (held-out facts: {formats.percent(held_out.value)} exact)" if held_out else ""
    return (
        "## Limits\n\n"
        "It recalls what it was taught. About anything else it may say something wrong that sounds right"
        f"{unaided}. It is small, and this report does not audit it for harm.\n"
    )


def _plain(text: str) -> str:
    """Text from outside, kept from being read as HTML or as a link in the card."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("[", "\\[")
    return " ".join(escaped.split())
