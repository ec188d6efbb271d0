"""If one of these fails, somebody's sweep waits for somebody else's, or a model for its work."""

from collections.abc import Iterable, Mapping

import pytest

from foureyes.models import shares as rules
from foureyes.models.shares import AHEAD, AT_ONCE, FEW, JUDGE, LEAST, Ahead, Place, Queue, Waiting

CODER, REVIEWER = 1, 2
BOTH = frozenset({JUDGE, CODER, REVIEWER})
CODER_ALONE = frozenset({JUDGE, CODER})


def run(number: int, places: frozenset[int] = BOTH, waiting: int = 64, begun: int = 0) -> Waiting:
    return Waiting(number, places, waiting, begun)


def shares(
    places: Mapping[int, Place],
    pending: Mapping[frozenset[int], int],
    sweeps: Iterable[Queue],
    ahead: Ahead | None = None,
) -> dict[int, int]:
    return rules.shares(places, pending, sweeps, ahead or Ahead())


def test_the_runs_of_a_sweep_begin_together() -> None:
    found = shares({}, {}, [Queue(FEW, [run(number) for number in range(1, 27)])])
    assert sum(found.values()) == AHEAD
    assert max(found.values()) - min(found.get(number, 0) for number in range(1, 27)) <= 1


def test_a_run_that_has_more_under_way_waits_for_the_others() -> None:
    found = shares({}, {}, [Queue(FEW, [run(1, begun=AHEAD), run(2), run(3)])])
    assert found == {2: AHEAD / 2, 3: AHEAD / 2}


def test_there_is_room_for_more_as_more_is_at_work() -> None:
    busy = {CODER: Place(100, 64, is_away=False)}
    assert busy[CODER].room(AHEAD) == 64 - 36
    assert shares(busy, {}, [Queue(FEW, [run(1, CODER_ALONE)])]) == {1: 64 - 36}


def test_what_was_started_and_has_asked_for_nothing_takes_its_room() -> None:
    assert shares({}, {BOTH: AHEAD}, [Queue(FEW, [run(1)])]) == {}
    assert shares({}, {CODER_ALONE: AHEAD - 3}, [Queue(FEW, [run(1)])]) == {1: 3}
    assert shares({}, {frozenset({7}): AHEAD}, [Queue(FEW, [run(1)])]) == {1: AHEAD}


def test_a_model_that_is_full_holds_up_only_runs_that_ask_it() -> None:
    """They leave half of the others' room to those that it holds up."""
    full = {REVIEWER: Place(AHEAD, 0, is_away=False)}
    found = shares(full, {}, [Queue(FEW, [run(1), run(2, CODER_ALONE)])])
    assert found == {2: AHEAD / 2}
    assert shares(full, {}, [Queue(FEW, [run(2, CODER_ALONE)])]) == {2: AHEAD}


@pytest.mark.parametrize("sweeps", [1, 3])
def test_who_asks_two_models_finds_both_free_though_others_ask_one_each(sweeps: int) -> None:
    """Of two models that take 8 calls each, one answers in even looks and the other in odd ones."""
    asks = {1: (CODER,), 2: (REVIEWER,), 3: (CODER, REVIEWER)}
    ahead, begun = Ahead(), dict.fromkeys(asks, 0)
    open_at: dict[int, list[tuple[int, ...]]] = {CODER: [], REVIEWER: []}
    for look in range(400):
        places = {w: Place(len(all_), min(len(all_), 8), False) for w, all_ in open_at.items()}
        runs = [run(n, frozenset({JUDGE, *asked}), 1000, begun[n]) for n, asked in asks.items()]
        queues = [Queue(FEW, runs[n::sweeps]) for n in range(sweeps)]
        for number, more in shares(places, {}, queues, ahead).items():
            begun[number] += more
            open_at[asks[number][0]] += [asks[number][1:]] * more
        answering = open_at[(CODER, REVIEWER)[look % 2]]
        for then in answering[:2]:
            if then:
                open_at[then[0]].append(then[1:])
        del answering[:2]
        assert look < 40 or all(len(all_) > 8 for all_ in open_at.values())  # none has too little
    assert max(begun.values()) - min(begun.values()) < 10


def test_for_a_model_whose_worker_is_away_the_others_can_do_their_part() -> None:
    """Two models that take turns on one GPU."""
    away = {REVIEWER: Place(AHEAD, 0, is_away=True)}
    assert shares(away, {}, [Queue(FEW, [run(1)])]) == {1: AHEAD}
    long_away = {REVIEWER: Place(500, 0, is_away=True)}
    assert shares(long_away, {}, [Queue(FEW, [run(1)])]) == {}


def test_a_model_that_takes_turns_gets_enough_for_a_turn() -> None:
    """Else its turn would be over at once, and the card would switch for most of the time."""
    asleep = Place(opened=200, at_work=80, is_away=False, takes_turns=True)
    assert asleep.room(AHEAD) == 10 * 80 - 120
    assert Place(AHEAD, 0, is_away=False, takes_turns=True).room(AHEAD) == 0  # nothing was taken


def test_nothing_is_started_while_programs_wait_to_be_judged() -> None:
    found = shares({JUDGE: Place(AHEAD, 0, is_away=False)}, {}, [Queue(FEW, [run(1)])])
    assert found == {}


def test_a_program_that_takes_the_judge_a_minute_leaves_no_model_without_work() -> None:
    """Few may wait at the judge, but for as many as the models have at work."""

    def started(waiting: int) -> int:
        judge = Place(1 + waiting, 1, is_away=False)
        models = {CODER: Place(14, 14, is_away=False), REVIEWER: Place(8, 8, is_away=False)}
        places = models | {JUDGE: judge}
        return sum(shares(places, {}, [Queue(FEW, [run(1)])], Ahead(LEAST)).values())

    assert started(LEAST) == 8
    assert started(14 + 8) == 0


def test_a_sweep_with_little_left_comes_first() -> None:
    big, small = Queue(FEW, [run(1)]), Queue(200, [run(2)])
    assert shares({}, {}, [big, small]) == {2: AHEAD}
    nearly_done = Queue(5, [run(3, waiting=5)])
    found = shares({}, {}, [Queue(FEW, [run(1)]), Queue(200, [run(2)]), nearly_done])
    assert found == {3: 5, 2: AHEAD - 5}


def test_big_sweeps_have_equal_shares_whatever_their_number_of_runs() -> None:
    wide, narrow = Queue(FEW, [run(number) for number in range(1, 27)]), Queue(FEW, [run(30)])
    assert shares({}, {}, [wide, narrow])[30] == AHEAD / 2


def test_a_sweep_whose_model_is_full_does_not_hold_up_another() -> None:
    places = {REVIEWER: Place(500, 0, is_away=True)}
    stuck, going = Queue(3, [run(1)]), Queue(FEW, [run(2, CODER_ALONE)])
    assert shares(places, {}, [stuck, going]) == {2: AHEAD / 2}


def test_one_run_is_started_in_parts() -> None:
    places = {each: Place(320, 320, is_away=False) for each in (CODER, JUDGE)}
    assert shares(places, {}, [Queue(FEW, [run(1, CODER_ALONE, 320)])]) == {1: AT_ONCE}


def started(ahead: Ahead, judge: Place) -> int:
    """How many attempts start at a look, where only the judge can be full."""
    places = {JUDGE: judge, CODER: Place(0, 0, is_away=True)}
    return sum(shares(places, {}, [Queue(FEW, [run(1, CODER_ALONE)])], ahead).values())


def test_who_has_more_waiting_than_it_does_from_look_to_look_gets_less_ahead() -> None:
    ahead = Ahead()
    assert started(ahead, Place(0, 0, is_away=False)) == AHEAD
    while started(ahead, Place(ahead.at(JUDGE), 2, is_away=False)):
        pass
    for _ in range(5):
        started(ahead, Place(ahead.at(JUDGE), 2, is_away=False))
    assert ahead.at(JUDGE) == LEAST


def test_who_ran_dry_gets_twice_as_much_until_it_does_not() -> None:
    ahead = Ahead(LEAST)
    dry = Place(2, 2, is_away=False)
    assert [started(ahead, dry) for _ in range(5)] == [4, 8, 16, 32, 64]
    assert started(ahead, Place(42, 2, is_away=False)) == 0  # 40 of 64: half would have been enough
    assert started(ahead, Place(3, 2, is_away=False)) == 31


def test_who_is_dry_for_others_are_full_gets_no_more() -> None:
    ahead = Ahead(LEAST)
    places = {CODER: Place(8, 4, is_away=False), JUDGE: Place(0, 0, is_away=False)}
    for _ in range(5):
        shares(places, {}, [Queue(FEW, [run(1, CODER_ALONE)])], ahead)
    assert ahead.at(JUDGE) == LEAST


def test_runs_take_turns_where_fewer_may_wait_than_there_are_runs() -> None:
    """Those that end at once would be started again and again, and the last run at the end."""
    ahead = Ahead(LEAST)
    begun: set[int] = set()
    for _ in range(13):
        begun |= shares({}, {}, [Queue(FEW, [run(number) for number in range(52)])], ahead).keys()
    assert len(begun) == 52


def test_a_sweep_of_a_higher_priority_comes_first_whatever_is_left_of_others() -> None:
    nearly_done, urgent = Queue(5, [run(1, waiting=5)]), Queue(FEW, [run(2)], priority=1)
    assert shares({}, {}, [nearly_done, urgent]) == {2: AHEAD}
    # what it has no use for the others get
    few = Queue(3, [run(3, waiting=3)], priority=1)
    low = Queue(FEW, [run(4)], priority=-1)
    assert shares({}, {}, [low, Queue(FEW, [run(1)]), few]) == {3: 3, 1: AHEAD - 3}


def test_of_a_sweep_with_a_limit_no_more_are_under_way() -> None:
    slow, other = Queue(FEW, [run(1, begun=2), run(2)], may_start=3), Queue(FEW, [run(3)])
    found = shares({}, {}, [slow, other])
    assert found[1] + found[2] == 3 and found[3] == AHEAD - 3
    assert shares({}, {}, [Queue(FEW, [run(1)], priority=9, may_start=-2)]) == {}
