"""Clean, judge and deduplicate with datatrove: run by the Python of an environment that has it.

    PYTHON datatrove_rival.py '{"documents": FOLDER, "folder": FOLDER, "language": "en", …}'

Prints one line of JSON: its seconds, imports apart, and the version. What stays lies in `folder`/unique as JSON Lines,
what goes in `folder`/dropped, a folder for each filter. It imports nothing of ours.

Both sides repair Unicode, tell the language with the same model, ask the rules of Gopher, C4 and FineWeb with the same
limits, replace personal data, drop near copies by MinHash of the same bands, and write what goes and why. Rules that
only one side has are off: C4's cuts of lines, so that both drop whole documents; in Chinese our limits to characters.
So are, in Chinese, the most frequent n-grams: datatrove counts those that occur once, so that a text of ten words
breaks the rule, and we ask for 50 words.

Two settings are not datatrove's own. Its words include signs, for which Gopher's share of words with letters (.8) drops
four of ten clean English texts: `Words` leaves them out. Of short Chinese texts the model is seldom sure, and we go by
the script: the model is asked as always, and all but what it takes for hardly Chinese stays. What still differs, such
as what a word or a sentence is, the bench tells by rule.

Wherever datatrove leaves a choice that does not change what is asked of a text, the quicker one is taken: no
compression, xxhash, signatures made in the run that filters, processes that are forked (Linux), C4's filter last (the
lines it splits drive a text's words out of the cache that the other filters share).
"""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.word_tokenizers import SpaCyTokenizer

_LANGUAGES = {"en": (["en"], 0.65), "zh": (["zh", "wuu", "yue"], 0.001)}  # what the model may say, and how surely
_REPEATED = {
    "en": {},
    "zh": {
        "dup_line_frac": 0.287,
        "top_n_grams": (),
        "dup_n_grams": ((5, 0.198), (6, 0.182), (7, 0.167), (8, 0.154), (9, 0.14), (10, 0.127)),
    },
}
_QUALITY = {
    "en": {},
    "zh": {
        "min_doc_words": None,
        "max_doc_words": None,
        "min_avg_word_length": 1,
        "max_avg_word_length": 5,
        "max_non_alpha_words_ratio": 0.735,
        "min_stop_words": None,
    },
}
_SENTENCES = {"en": {"min_num_sentences": 3}, "zh": {"min_num_sentences": -1, "filter_curly_bracket": False}}
_LINES = {
    "en": {"line_punct_thr": 0.12, "short_line_thr": 0.67, "new_line_ratio": 0.3},
    "zh": {"line_punct_thr": 0.0, "short_line_thr": 1.0, "new_line_ratio": float("inf")},
}
_LINE_ENDS = tuple(".!?\"'。！？；”’」』…）)")
_CODES = {"en": "eng", "zh": "cmn"}


class Words(SpaCyTokenizer):  # type: ignore[misc]
    """The words that datatrove splits a text into, without signs, unless it holds nothing else."""

    def word_tokenize(self, text: str) -> list[str]:
        """Words in order."""
        told: list[str] = super().word_tokenize(text)
        return [word for word in told if word[0].isalnum() or any(map(str.isalnum, word))] or told


def rules(language: str, model: str | None, dropped: Path) -> list[Any]:
    """What a text has to keep, with the limits that Chatwright has for the language; without a model in any."""
    words, told = Words(language), list[Any]()

    def aside(name: str) -> JsonlWriter:
        return JsonlWriter(str(dropped / name), compression=None)

    if model:
        told.append(LanguageFilter(*_LANGUAGES[language], exclusion_writer=aside("language")))
        told[0].model.MODEL_URL = model
    return [
        FTFYFormatter(unescape_html=False, remove_terminal_escapes=False, fix_line_breaks=True, normalization="NFC"),
        *told,
        GopherRepetitionFilter(language=words, exclusion_writer=aside("repetition"), **_REPEATED[language]),
        GopherQualityFilter(language=words, exclusion_writer=aside("quality"), **_QUALITY[language]),
        FineWebQualityFilter(
            stop_chars=_LINE_ENDS,
            char_duplicates_ratio=0.1,
            language=words,
            exclusion_writer=aside("fineweb"),
            **_LINES[language],
        ),
        C4QualityFilter(
            remove_citations=False,
            filter_no_terminal_punct=False,
            min_words_per_line=-1,
            max_word_length=-1,
            filter_javascript=False,
            filter_policy=False,
            language=words,
            exclusion_writer=aside("c4"),
            **_SENTENCES[language],
        ),
        PIIFormatter(),
    ]


def main(asked: dict[str, Any]) -> None:
    """Do the whole job and print what it took."""
    folder, cores, language = Path(asked["folder"]), asked["cores"], asked["language"]
    settings = MinhashConfig(
        n_grams=asked["shingle"],
        num_buckets=asked["bands"],
        hashes_per_bucket=asked["rows"],
        hash_config=HashConfig(precision=64, hash_fc="xxhash"),
    )
    kept, signatures, pairs, removed = (str(folder / name) for name in ("kept", "signatures", "pairs", "removed"))
    signing = MinhashDedupSignature(signatures, settings, language=_CODES[language])
    judging = [
        JsonlReader(asked["documents"]),
        *rules(language, asked["model"], folder / "dropped"),
        JsonlWriter(kept, compression=None),
        signing,
    ]
    filtering = [
        JsonlReader(kept),
        MinhashDedupFilter(removed, JsonlWriter(str(folder / "dropped" / "copies"), compression=None)),
        JsonlWriter(str(folder / "unique"), compression=None),
    ]
    jobs = {
        "judge": (judging, cores),
        "buckets": ([MinhashDedupBuckets(signatures, pairs, config=settings)], asked["bands"]),
        "cluster": ([MinhashDedupCluster(pairs, removed, settings)], 1),
        "filter": (filtering, cores),
    }
    seconds = {}
    for name, (pipeline, tasks) in jobs.items():
        started = time.perf_counter()
        LocalPipelineExecutor(
            pipeline,
            tasks=tasks,
            workers=min(tasks, cores),
            logging_dir=str(folder / "logs" / name),
            start_method="fork" if sys.platform == "linux" else "forkserver",
        ).run()
        seconds[name] = time.perf_counter() - started
    print(json.dumps({"seconds": sum(seconds.values()), "jobs": seconds, "version": metadata.version("datatrove")}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
