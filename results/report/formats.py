"""A scoreboard for programs and for documents: JSON, CSV, Markdown."""

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.details import Details
from foureyes.results.figures.equal_tokens import at_equal_tokens
from foureyes.results.figures.matrix import Matrix, matrix
from foureyes.results.figures.moderators import moderations
from foureyes.results.figures.outcomes import (
    BASE,
    CANCELLED,
    ERROR,
    OPEN,
    REFUSED,
    SOLVED,
    UNSOLVED,
    flipped,
)
from foureyes.results.figures.precision import precisions
from foureyes.results.figures.primary import exploratory
from foureyes.results.figures.reviewing import review_wording
from foureyes.results.figures.rewordings import with_gains
from foureyes.results.figures.scoreboard import Group, Scoreboard
from foureyes.results.figures.scores import Score
from foureyes.results.figures.spending import spending
from foureyes.results.figures.splits import splits
from foureyes.results.figures.together import Together, together
from foureyes.results.formatting import interval, margin, p_value, percent, points_interval
from foureyes.results.report import opening, plans, sentences, spent_for
from foureyes.results.report.group_map import group_map
from foureyes.results.visible import cell, in_line, visible

_WORDS = {
    SOLVED: "solved", BASE: "unsolved", UNSOLVED: "unsolved", REFUSED: "refused", ERROR: "error",
    CANCELLED: "cancelled", OPEN: None,
}  # fmt: skip


def to_json(board: Scoreboard, found: Details) -> str:
    """Everything that the page shows; in the grid, an outcome for each sample of each run."""
    spent = {
        (group.benchmark, group.pairing): spending(board, group, found.costs)
        for group in board.groups
    }
    content = {
        "sweep_id": board.sweep_id,
        "name": board.name,
        "created_at": board.created_at.isoformat(),
        "verdicts": None if board.verdicts is None else asdict(board.verdicts),
        "unfinished": sum(score.unfinished for score in board.scores),
        "baseline": board.baseline,
        "together": [_joined(each) for each in together(board)],
        "groups": [
            _group(board, group) | {"spent": spent_for.sentences(board, group, of)}
            for group, of in zip(board.groups, spent.values(), strict=True)
        ],
        "matrix": _matrix(matrix(board)),
        "scores": [
            _flat(score) | {"forged": sum(map(len, board.forgeries.get(score.run_id, {}).values()))}
            for score in board.scores
        ],
        "spending": [
            asdict(each) | {"unit_of_solved": each.unit_of_solved}
            for group in board.groups
            for each in spent[group.benchmark, group.pairing]
        ],
        "equal_tokens": _equal_tokens(board),
        "endings": [asdict(each) for each in board.endings],
        "failures": [{"error": error, "attempts": n} for error, n in board.failures],
        "plans": plans.to_json(board),
        "comparisons": _comparisons(board),
        "opening": opening.sentences(board),
        "sentences": said(board),
        "reviewers": [
            asdict(found.reviewers[score.run_id])
            | {
                "wording": review_wording(score.run.options),
                "youden": found.reviewers[score.run_id].matrix.youden,
                "caught_share": found.reviewers[score.run_id].matrix.caught_share,
                "false_alarm_share": found.reviewers[score.run_id].matrix.false_alarm_share,
            }
            for score in board.scores
            if score.run_id in found.reviewers
        ],
        "choices": [
            asdict(each) | {"first_share": each.first_share} for each in found.choices.values()
        ],
        "flips": [asdict(flip) for flips in found.flips.values() for flip in flips],
        "wordings": _wordings(board),
        "precision": [
            {"run_id": run_id} | asdict(each) | asdict(each.bought)
            for group in board.groups
            for run_id, each in precisions(board.compared(group), board.outcomes).items()
        ],
        "moderations": [asdict(each) for each in moderations(board, found.features)],
        "splits": [
            {"benchmark": group.benchmark, "pairing": group.pairing} | asdict(split)
            for group in board.groups
            for split in splits(group, board.outcomes, board.baselines)
        ],
        "grid": [row for group in board.groups for row in _grid(board, group)],
        "origin": asdict(found.origin),
    }
    return json.dumps(content, indent=2)


def _comparisons(board: Scoreboard) -> list[dict[str, Any]]:
    """Those with the baseline; `exploratory` is null where no plan was made."""
    unplanned = exploratory(board)
    return [
        each.row()
        | {
            "exploratory": run in unplanned if board.plans else None,
            "flipped": flipped(board.outcomes[each.baseline_run_id], board.outcomes[run]),
        }
        for run, each in board.comparisons.items()
    ]


def _equal_tokens(board: Scoreboard) -> list[dict[str, Any]]:
    """Patterns against their controls, seen from the control; tokens are those of an attempt on average."""
    return [
        each.comparison.row()
        | {
            "pattern": each.pattern.pattern,
            "control": each.control.pattern,
            "tokens_given": each.budget.tokens,
            "tokens_drawn": each.budget.drawn,
            "budgeted_attempts": each.budget.attempts,
            "of_one_draft": each.budget.single,
        }
        for each in at_equal_tokens(board)
    ]


def _group(board: Scoreboard, group: Group) -> dict[str, Any]:
    return {
        "benchmark": group.benchmark,
        "pairing": group.pairing,
        "team": group.team,
        "title": board.title(group),
        "problems": len(group.problems),
        "samples": group.samples,
        "essence": opening.essence(board, group),
    }


def _matrix(found: Matrix) -> list[dict[str, Any]]:
    """Its rows; of each the runs in the order of the groups, null where there is none."""
    return [
        {
            "pattern": row.pattern,
            "overall": row.overall,
            "columns": row.columns,
            "runs": [
                cell and {"run_id": cell.score.run_id, "is_best": cell.is_best}
                for cell in row.cells
            ],
        }
        for row in found.rows
    ]


def _grid(board: Scoreboard, group: Group) -> list[dict[str, Any]]:
    """Of each problem a word for each sample of each run."""
    rows = group_map(board, group).rows
    return [
        {
            "benchmark": group.benchmark,
            "pairing": group.pairing,
            "problem_id": problem.problem_id,
            "solved_by": row.solved_by,
            "improved": row.improved,
            "regressed": row.regressed,
            "outcomes": {
                score.run_id: [
                    "forged"
                    if place in board.forgeries.get(score.run_id, {}).get(problem.id, ())
                    else _WORDS[letter]
                    for place, letter in enumerate(board.outcomes[score.run_id].get(problem.id, ""))
                ]
                for score in group.scores
            },
        }
        for problem, row in zip(group.problems, rows, strict=True)
    ]


def _wordings(board: Scoreboard) -> list[dict[str, Any]]:
    return [
        asdict(each)
        | {"comparison": each.comparison.row(), "gains": asdict(gains) if gains else None}
        for each, gains in with_gains(board)
    ]


def _joined(found: Together) -> dict[str, Any]:
    row = found.comparison.row()
    del row["baseline_run_id"], row["run_id"]
    return asdict(found) | {"comparison": row}


def said(board: Scoreboard) -> list[str]:
    """All sentences, each with what it is of."""
    return [
        *sentences.whose(board),
        *(f"All benchmarks together: {line}" for line in sentences.of_together(board)),
        *(
            f"{board.title(group)}: {line}"
            for group in board.groups
            for line in sentences.of_group(board, group)
        ),
        *sentences.of_sweep(board),
    ]


def _flat(score: Score) -> dict[str, Any]:
    row = asdict(score)
    run, cost = row.pop("run"), row.pop("cost")
    more = {"attempts": score.attempts, "price_per_solved": score.price_per_solved}
    return {**run, **cost, **row, **more}


def to_csv(board: Scoreboard) -> str:
    """A row for each run, its comparison with the baseline beside it."""
    rows = []
    compared = {each["run_id"]: each for each in _comparisons(board)}
    for score in board.scores:
        row = _flat(score)
        if board.verdicts is not None:
            row["regrade_id"] = board.verdicts.regrade.regrade_id
        del row["pass_at"], row["options"]
        row |= {f"pass_{each.k}": each.share for each in score.pass_at}
        if comparison := compared.get(score.run_id):
            row |= {
                f"versus_{name}": value for name, value in comparison.items() if name != "run_id"
            }
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(names))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _told(value) for name, value in row.items()})
    return buffer.getvalue()


def _told(value: Any) -> Any:
    return cell(in_line(value)) if isinstance(value, str) else value


def to_markdown(board: Scoreboard) -> str:
    """The terminal's tables and sentences, to paste into a document."""
    lines = [f"# {_escaped(board.name)}", ""]
    lines += [each for line in sentences.whose(board) for each in (_escaped(line), "")]
    lines += _plans(board)
    if found := together(board):
        lines += ["## All benchmarks together", "", *_together(board, found), ""]
        lines += [f"- {_escaped(line)}" for line in sentences.of_together(board)] + [""]
    for group in board.groups:
        lines += [f"## {_escaped(board.title(group))}", "", *_table(board, group), ""]
        lines += [f"- {_escaped(line)}" for line in sentences.of_group(board, group)] + [""]
    lines += [f"- {_escaped(line)}" for line in sentences.of_sweep(board)]
    return "\n".join(lines)


def _plans(board: Scoreboard) -> list[str]:
    lines = []
    for each in plans.shown(board):
        lines += [
            _escaped(each.said),
            "",
            f"| {' | '.join(plans.HEADS)} |",
            "|---|---|---:|---:|---:|---|",
        ]
        lines += [f"| {' | '.join(map(_escaped, row))} |" for row in each.rows(board)]
        lines += ["", _escaped(each.rules), ""]
    return [*lines, plans.rest(board), ""] if lines else []


def _together(board: Scoreboard, found: list[Together]) -> list[str]:
    lines = [
        f"| pattern | team | problems | difference from {_escaped(board.baseline)} [95 %] | flips "
        f"| p (Holm) | | no worse by {margin(board.margin)} |",
        "|---|---|---:|---:|---:|---:|---|---|",
    ]
    for each in found:
        comparison = each.comparison
        cells = [_escaped(each.pattern), _escaped(each.pairing), f"{comparison.problems}"]
        if comparison.pairs:
            cells += [*_compared(comparison), comparison.not_worse.verdict]
        cells += [""] * (8 - len(cells))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _compared(found: Comparison) -> list[str]:
    return [
        points_interval(found.difference, found.low, found.high),
        f"+{found.improved} -{found.regressed}", p_value(found.p_holm), found.verdict,
    ]  # fmt: skip


def _table(board: Scoreboard, group: Group) -> list[str]:
    several = group.samples > 1
    unplanned = exploratory(board)
    lines = [
        f"| pattern | solved | pass@1 [95 %] | {f'pass@{group.samples}' if several else 'base'} "
        f"| difference from {_escaped(board.baseline)} [95 %] | flips | p (Holm) | |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for score in group.scores:
        last = score.pass_at_all(group.samples) if several else score.base_pass_1
        cells = [
            _escaped(score.pattern), f"{score.solved}/{score.n}",
            interval(score.pass_1, score.low, score.high), percent(last),
        ]  # fmt: skip
        found = board.comparisons.get(score.run_id)
        if found is not None and found.pairs:
            *told, verdict = _compared(found)
            cells += [*told, f"{verdict}{' (exploratory)' if score.run_id in unplanned else ''}"]
        cells += [""] * (8 - len(cells))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _escaped(text: str) -> str:
    """Text that Markdown takes for nothing else, nor for a cell's end."""
    text = visible(text).replace("\n", " ").replace("\t", " ")
    for character in ("\\", "|", "<", "*", "_", "["):
        text = text.replace(character, f"\\{character}")
    return text
