"""The door: every command of `chatwright`. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="chatwright",
    help="Train a ChatGPT of your own: from raw text to a measured assistant, on the machine you have.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
corpus_app = typer.Typer(help="What the model will read, and why the rest was dropped.", no_args_is_help=True)
app.add_typer(corpus_app, name="corpus")

RecipeName = Annotated[str | None, typer.Argument(help="A shipped recipe or a .toml file [default: python-docs]")]
Docs = Annotated[str | None, typer.Option(help="Train on this folder of Markdown, reST, text or HTML.")]
Data = Annotated[
    str | None, typer.Option(help="The folder of public data sets [default: $CHATWRIGHT_DATA, else from the hub]")
]
File = Annotated[
    list[Path] | None, typer.Option(help="Own conversations: JSON Lines, JSON, CSV, parquet; again for more.")
]
From = Annotated[str | None, typer.Option("--from", help="Go on from this model: a run, a folder, or a hub name.")]
Lora = Annotated[int | None, typer.Option(help="Learn adapters of this rank instead of all weights.")]
Minutes = Annotated[float | None, typer.Option(help="Wall time for the whole run.")]
Out = Annotated[str | None, typer.Option(help="The run folder [default: one of its own below runs/]")]
Sets = Annotated[list[str] | None, typer.Option("--set", help="Change a setting: train.learning_rate=0.01")]
Json = Annotated[bool, typer.Option("--json", help="Results on stdout as one JSON value.")]
Replan = Annotated[bool, typer.Option("--replan", help="Measure the machine again.")]
RunPlace = Annotated[Path | None, typer.Argument(help="A run or model folder [default: the newest run]")]


def _carry_out(stage: str, recipe: str | None, as_json: bool, *, options: dict[str, Any], replan: bool = False) -> None:
    from chatwright.cli.stages import Options, carry_out

    carry_out(stage, recipe, Options(**options), as_json=as_json, replan=replan)


@app.command()
def run(
    recipe: RecipeName = None,
    docs: Docs = None,
    data: Data = None,
    file: File = None,
    base: From = None,
    lora: Lora = None,
    minutes: Minutes = None,
    out: Out = None,
    sets: Sets = None,
    json: Json = False,
    replan: Replan = False,
) -> None:
    """Everything: collect, train, evaluate, report. A second run goes on, and does nothing twice."""
    options = {"docs": docs, "data": data, "files": file, "base": base, "lora": lora, "minutes": minutes}
    _carry_out("report", recipe, json, replan=replan, options={**options, "out": out, "sets": sets})


def _stage_command(name: str, stage: str, help_text: str, group: typer.Typer = app) -> None:
    def command(
        recipe: RecipeName = None,
        docs: Docs = None,
        data: Data = None,
        file: File = None,
        base: From = None,
        lora: Lora = None,
        minutes: Minutes = None,
        out: Out = None,
        sets: Sets = None,
        json: Json = False,
        replan: Replan = False,
    ) -> None:
        options = {"docs": docs, "data": data, "files": file, "base": base, "lora": lora, "minutes": minutes}
        _carry_out(stage, recipe, json, replan=replan, options={**options, "out": out, "sets": sets})

    group.command(name, help=help_text)(command)


_stage_command("plan", "plan", "Measure the machine; say sizes, steps and cost before anything is trained.")
_stage_command("build", "corpus", "Collect, clean, deduplicate and split the text.", corpus_app)
_stage_command("tokenizer", "tokenizer", "Learn the vocabulary.")
_stage_command("pretrain", "pretrain", "Learn the language of the documents.")
_stage_command("finetune", "finetune", "Learn to answer.")


@app.command()
def evaluate(
    model: Annotated[
        str | None, typer.Argument(help="A recipe, to evaluate its run; with --tasks or --harness a model")
    ] = None,
    tasks: Annotated[str | None, typer.Option(help="Public tasks, commas between: blimp,piqa,multi30k …")] = None,
    against: Annotated[str | None, typer.Option(help="Another model: both scores and their difference.")] = None,
    training_text: Annotated[
        str | None, typer.Option(help="A run: scores also without the items that its training text holds.")
    ] = None,
    harness: Annotated[str | None, typer.Option(help="Tasks of EleutherAI's evaluation harness.")] = None,
    harness_folder: Annotated[Path | None, typer.Option(help="A folder with harness tasks of one's own.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Items of each task at most.")] = None,
    beams: Annotated[int | None, typer.Option(help="Beam search of this width, where targets are written.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="The longest target in tokens.")] = None,
    data: Data = None,
    docs: Docs = None,
    file: File = None,
    base: From = None,
    lora: Lora = None,
    minutes: Minutes = None,
    out: Out = None,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Score a model with its uncertainty: the questions of its recipe, or any public task."""
    from chatwright.cli.evaluate import evaluate_model, refuse

    recipe_options: dict[str, Any] = {"docs": docs, "data": data, "files": file, "base": base, "lora": lora}
    recipe_options |= {"minutes": minutes, "out": out, "sets": sets}
    model_options: dict[str, Any] = {"against": against, "harness_folder": harness_folder, "limit": limit}
    model_options |= {"beams": beams, "max_new_tokens": max_new_tokens, "training_text": training_text}
    if tasks is None and harness is None:
        refuse(model_options, "a recipe's own questions are asked; name tasks with --tasks or --harness")
        _carry_out("evaluate", model, json, options=recipe_options)
        return
    refuse({name: value for name, value in recipe_options.items() if name != "data"}, "no recipe is carried out here")
    evaluate_model(model, tasks, harness, data=data, options=model_options, as_json=json)


_stage_command("report", "report", "Write the page, the scores and the model card.")


@corpus_app.command("report")
def corpus_report(run: RunPlace = None, json: Json = False) -> None:
    """What was read, kept and dropped, rule by rule."""
    from chatwright.cli.corpus import corpus_report

    corpus_report(run, json)


@corpus_app.command("why")
def corpus_why(
    name: Annotated[str, typer.Argument(help="A document's or fact's id, name, title or path")],
    run: Annotated[Path | None, typer.Option(help="The run folder [default: the newest run]")] = None,
    json: Json = False,
) -> None:
    """Why something is in the corpus, or is not."""
    from chatwright.cli.corpus import corpus_why

    corpus_why(name, run, json)


@corpus_app.command("doctor")
def corpus_doctor(
    files: Annotated[list[Path], typer.Argument(help="Files or folders: JSON Lines, JSON, CSV, Parquet, compressed")],
    model: Annotated[
        str | None, typer.Option(help="Count in the tokens of this run, model folder or hub name.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Places named of each problem.")] = 5,
    rendered: Annotated[int, typer.Option(min=0, help="Rows shown as the model would read them.")] = 2,
    json: Json = False,
) -> None:
    """What is wrong with data to train on, line by line, and what would be learnt from it."""
    from chatwright.cli.corpus_doctor import corpus_doctor

    corpus_doctor(files, model, examples, rendered, json)


@app.command()
def chat(
    run: RunPlace = None,
    ask: Annotated[
        list[str] | None, typer.Option(help="Ask this and print only the answer; again for more turns.")
    ] = None,
    ask_file: Annotated[Path | None, typer.Option(help="JSONL, one conversation a line; answers as JSONL.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 is greedy.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of sampling.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="The longest answer in tokens.")] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Answer by the weights alone.")] = False,
    json: Json = False,
) -> None:
    """Talk to the assistant."""
    from chatwright.cli.talk import chat

    options = {"temperature": temperature, "seed": seed, "max_new_tokens": max_new_tokens}
    chat(run, ask or [], ask_file, {**options, "grounded": False if unchecked else None}, json)


@app.command()
def generate(
    model: Annotated[str, typer.Argument(help="A run, a model folder (ours or Hugging Face's), or a hub name")],
    text: Annotated[str, typer.Argument(help="The text to go on from")],
    max_length: Annotated[int | None, typer.Option(help="Longest result in tokens, the text included.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="Longest continuation in tokens.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 is greedy.")] = None,
    top_k: Annotated[int | None, typer.Option(help="Choose among this many tokens.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Choose among this much probability.")] = None,
    repetition_penalty: Annotated[float | None, typer.Option(help="1 is off.")] = None,
    no_repeat_ngram_size: Annotated[int | None, typer.Option(help="So many in a row come only once.")] = None,
    beams: Annotated[int | None, typer.Option(help="Beam search of this width.")] = None,
    length_penalty: Annotated[float | None, typer.Option(help="Beams: above 0 favours longer texts.")] = None,
    candidates: Annotated[int | None, typer.Option(help="Draw so many, keep the one most like the others.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of sampling.")] = None,
    json: Json = False,
) -> None:
    """Go on from a text, as what the model was trained on would; an encoder-decoder answers it."""
    from chatwright.cli.talk import generate

    options = {
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "repetition_penalty": repetition_penalty,
        "no_repeat_ngram_size": no_repeat_ngram_size,
        "beams": beams,
        "length_penalty": length_penalty,
        "candidates": candidates,
        "seed": seed,
    }
    generate(model, text, max_length, options, json)


@app.command()
def explain(
    model: Annotated[str, typer.Argument(help="A run, a model folder (ours or Hugging Face's), or a hub name")],
    text: Annotated[str, typer.Argument(help="The text to read")],
    picture: Annotated[Path, typer.Option(help="Where the picture of the attention goes.")] = Path("attention.png"),
    json: Json = False,
) -> None:
    """What a model looks at, head by head, and which tokens it holds likely."""
    from chatwright.cli.explain import explain_text

    explain_text(model, text, picture, json)


To = Annotated[Path, typer.Option(help="The folder to write; it must be new.")]
Bfloat16 = Annotated[bool, typer.Option("--bfloat16", help="Weights in half the size, rounded.")]


@app.command("export")
def export_model(
    run: Annotated[str | None, typer.Argument(help="A run or model folder [default: the newest run]")] = None,
    *,
    to: To,
    format_: Annotated[str, typer.Option("--format", help="hf: a folder that transformers loads.")] = "hf",
    bfloat16: Bfloat16 = False,
    json: Json = False,
) -> None:
    """Write a model for other programs, and prove that they agree with it."""
    from chatwright.cli.exchange import export_model

    export_model(run, to, format_, bfloat16, json)


@app.command("import")
def import_model(
    name: Annotated[str, typer.Argument(help="A hub name or a model folder")],
    *,
    to: To,
    bfloat16: Bfloat16 = False,
    json: Json = False,
) -> None:
    """Fetch a stock model, and prove that it is read right."""
    from chatwright.cli.exchange import import_model

    import_model(name, to, bfloat16, json)


@app.command()
def doctor(json: Json = False) -> None:
    """What this machine has for Chatwright, and what would make it faster."""
    from chatwright.cli.doctor import doctor

    doctor(json)


@app.command()
def table(
    runs: Annotated[list[Path], typer.Argument(help="Run folders")],
    write: Annotated[Path | None, typer.Option(help="Replace the table of this Markdown file.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Leave the other runs in the file's table.")] = False,
) -> None:
    """One table of many runs: what each reached, at which size and cost."""
    from chatwright.cli.table import table

    table(runs, write, add=add)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="startup, training, corpus, cleaning, facts, or all")],
    out: Annotated[str | None, typer.Option(help="Where runs of the bench go [default: runs/bench]")] = None,
    data: Data = None,
    recipe: Annotated[
        str | None, typer.Option(help="cleaning: the recipe of the corpus [default: pages-zh-en]")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="cleaning: wall time of all of it [default: 40]")] = None,
    sets: Sets = None,
    only: Annotated[str | None, typer.Option(help="corpus: some parts, commas between: growth,packing …")] = None,
    rival: Annotated[str | None, typer.Option(help="corpus: the Python of an environment that has datatrove.")] = None,
    json: Json = False,
) -> None:
    """Measure, and print one table."""
    from chatwright.cli.bench import bench
    from chatwright.cli.stages import Options

    bench(name, out, Options(data=data, minutes=minutes, sets=sets), recipe, only, rival, json)


def main() -> None:
    """Run the door. A mistake of the user is told without a traceback."""
    from chatwright.core.errors import ChatwrightError

    try:
        app()
    except ChatwrightError as error:
        sys.stderr.write(f"chatwright: {error}\n")
        sys.exit(error.exit_code)
    except OSError as error:
        import errno

        misplaced = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST)  # a file where a folder has to be, or the other way
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, *misplaced):
            raise
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(
            f"chatwright: {place}{error.strerror}\n"
            "  remedy: choose another place, or free the disk; nothing finished is lost\n"
        )
        sys.exit(1)
