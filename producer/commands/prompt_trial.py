"""Which wording of the question has a model tell wrong programs from right ones."""

import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import get_args

from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

from foureyes.judging import known
from foureyes.models import weights
from foureyes.models.errors import FoureyesError, InfrastructureError
from foureyes.models.llm import AnyModel, LlamaCpp, ModelSampling, OpenAI
from foureyes.models.nearest import meant
from foureyes.producer.commands import trust, trying
from foureyes.producer.commands.terminal import Terminal, console, hint, say
from foureyes.producer.stack import embedded
from foureyes.producer.sweeps import sweep
from foureyes.results.figures.reviewing import Matrix
from foureyes.results.formatting import count, duration, points
from foureyes.worker import trial
from foureyes.worker.patterns import templates
from foureyes.worker.patterns.style import Style
from foureyes.worker.trial import Reviewed

#: How a model of the catalogue is asked where no sweep says it: as the starter sweep asks it.
_SAMPLING = ModelSampling(temperature=0.0, max_tokens=320)


@dataclass
class Confusion:
    """What the reviews of one style said."""

    style: Style
    reviews: list[Reviewed] = field(default_factory=list)

    @property
    def matrix(self) -> Matrix:
        """By verdict, of right and of wrong programs."""
        said = [(each.program.is_right, each.verdict.approves) for each in self.reviews]
        right = sum(is_right for is_right, _ in said)
        return Matrix(
            wrong=len(said) - right,
            right=right,
            caught=said.count((False, False)),
            missed=said.count((False, True)),
            false_alarms=said.count((True, False)),
            approved_right=said.count((True, True)),
        )

    @property
    def cut_off(self) -> int:
        """Reviews whose first answer was cut off."""
        return sum(each.was_cut_off for each in self.reviews)

    @property
    def tokens(self) -> int:
        """Of all answers, where their engine counts them."""
        answers = (answer for each in self.reviews for answer in each.answers)
        return sum(answer.completion_tokens or 0 for answer in answers)

    @property
    def seconds(self) -> float:
        """What all answers took, one after the other."""
        return sum(answer.seconds for each in self.reviews for answer in each.answers)


def try_review(
    name: str,
    file: Path | None,
    *,
    wordings: Sequence[str] | None,
    prompts: Sequence[str] | None,
    formats: Sequence[str] | None,
    problems: int,
    as_json: bool,
    trusted: Sequence[str],
) -> None:
    """Print a confusion matrix and Youden's J for each wording.

    Raises: FoureyesError naming what there is none of, or why the model gives no answer.
    """
    styles = _styles(prompts, wordings, formats)
    own = sweep.own_prompts(set(prompts or ()), file.parent) if file is not None else {}
    trial.check(styles, lambda name: templates.of(name, own))
    programs = known.balanced(problems)
    model = _model(name, file)
    trust.settle({name: model}, trusted)
    if isinstance(model, OpenAI):
        trying.ask_once(name, model)  # else every review waits for it, again and again
    tallies = {style: Confusion(style) for style in styles}
    try:
        _ask(model, programs, tallies, own)
    except InfrastructureError as error:
        raise FoureyesError(f"models.{name}: {error}") from None
    except KeyboardInterrupt:
        hint("interrupted; it ends once the calls in hand have ended")
        if not as_json and any(each.reviews for each in tallies.values()):
            _print(name, [*tallies.values()])
        raise
    if as_json:
        print(json.dumps([_told(name, each) for each in tallies.values()], indent=2))
        return
    _print(name, [*tallies.values()])


def _ask(
    model: AnyModel,
    programs: list[known.KnownProgram],
    tallies: dict[Style, Confusion],
    own: dict[str, dict[str, str]],
) -> None:
    """Fill the tallies, with a bar on the terminal's error output: the other may be for a program."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        _no_word_of_retries(),
        Progress(*columns, console=Terminal(stderr=True), transient=True) as progress,
    ):
        bar = progress.add_task("loading the model", total=len(programs) * len(tallies))
        asked = trial.review(model, programs, [*tallies], lambda name: templates.of(name, own))
        with closing(asked):
            for each in asked:
                tallies[each.style].reviews.append(each)
                progress.update(bar, advance=1, description=each.style.verdict)


@contextmanager
def _no_word_of_retries() -> Iterator[None]:
    """A call that is sent again is no news beside a bar: what the last try says is raised."""
    told = get_on_retry_hooks()
    set_on_retry_hooks([])
    try:
        yield
    finally:
        set_on_retry_hooks(told)


def _styles(
    prompts: Sequence[str] | None, wordings: Sequence[str] | None, formats: Sequence[str] | None
) -> list[Style]:
    """Every combination, once."""
    known_wordings = get_args(Style.model_fields["verdict"].annotation)
    known_formats = get_args(Style.model_fields["review_format"].annotation)
    _check("--wording", wordings or (), known_wordings)
    _check("--review-format", formats or (), known_formats)
    for folder in prompts or ():
        _check_folder(folder)
    combined = itertools.product(
        prompts or ["default"], formats or ["json"], wordings or known_wordings
    )
    return [
        Style(prompts=folder, review_format=written, verdict=wording)  # type: ignore[arg-type]
        for folder, written, wording in dict.fromkeys(combined)
    ]


def _check(option: str, given: Iterable[str], there_are: Sequence[str]) -> None:
    for each in given:
        if each not in there_are:
            raise FoureyesError(f"{option}: there is no {each!r}{meant(each, there_are)}")


def _check_folder(name: str) -> None:
    try:
        Style(prompts=name)
    except ValidationError:
        raise FoureyesError(
            f"--prompts: {name!r:.60} is no name of a folder beside the sweep file, or of one that ships: "
            "it has lower-case letters, digits and '-', 40 at most"
        ) from None


def _model(name: str, file: Path | None) -> AnyModel:
    """A sweep file's, one of the catalogue, or as the latest sweep here defined it."""
    if file is not None:
        models = sweep.models(file)
        if name not in models:
            known_names = ", ".join(models)
            raise FoureyesError(f"{file}: it has no model named {name!r}, but: {known_names}")
        return models[name]
    if name in weights.CATALOGUE:
        return LlamaCpp(engine="llamacpp", name=name, model=name, sampling=_SAMPLING)
    with embedded.database(say):
        return trying.model_of(name, None)


def _told(name: str, tally: Confusion) -> dict[str, object]:
    """One wording, for programs: counts, and what was said of each program."""
    matrix = tally.matrix
    return {
        "model": name,
        "wording": tally.style.model_dump(include={"prompts", "review_format", "verdict"}),
        **asdict(matrix),
        "no_verdict": matrix.no_verdict,
        "cut_off": tally.cut_off,
        "youden": dict(zip(("j", "low", "high"), matrix.youden, strict=True)),
        "completion_tokens": tally.tokens,
        "seconds": tally.seconds,
        "reviews": [
            {
                "problem_id": each.program.spec.problem_id,
                "fault": each.program.fault,
                "approves": each.verdict.approves,
                "reasons": each.verdict.issues,
                "answers": [answer.text for answer in each.answers],
            }
            for each in sorted(
                tally.reviews, key=lambda each: (each.program.spec.problem_id, each.program.fault)
            )
        ],
    }


def _print(name: str, tallies: Collection[Confusion]) -> None:
    for (prompts, written), alike in itertools.groupby(
        tallies, lambda each: (each.style.prompts, each.style.review_format)
    ):
        here = [*alike]
        programs = {each.program for tally in here for each in tally.reviews}
        right = sum(each.is_right for each in programs)
        title = f"Reviews by {name} of {len(programs) - right} wrong and {right} right programs"
        table = Table(title=f"{title}: prompts {prompts}, in {written}", title_justify="left")
        table.add_column("wording", no_wrap=True)
        for column in ("caught", "missed", "alarms", "passed", "none", "J [95 %], points"):
            table.add_column(column, justify="right", no_wrap=True)
        for tally in here:
            matrix = tally.matrix
            counts = (
                matrix.caught,
                matrix.missed,
                matrix.false_alarms,
                matrix.approved_right,
                matrix.no_verdict,
            )
            value, low, high = (points(share, 0) for share in matrix.youden)
            table.add_row(tally.style.verdict, *map(str, counts), f"{value} [{low}..{high}]")
        console.print(table)
    console.print(
        "Of wrong programs: changes asked for (caught), or not (missed); of right ones: the same (alarms, "
        "passed). none: no verdict could be read. Youden's J is the share of wrong ones in which "
        "changes are asked for, less that of right ones: 100 tells all apart, 0 tells nothing, and "
        "wordings whose intervals overlap much may be the same."
    )
    cut_off = sum(tally.cut_off for tally in tallies)
    if cut_off:
        console.print(
            f"{count(cut_off, 'review')} cut off: the model's `max_tokens` is too small for them."
        )
    console.print(
        f"Added up, the answers took {duration(sum(tally.seconds for tally in tallies))}."
    )
