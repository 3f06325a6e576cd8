"""The judge finds every broken promise: a matrix that can't fail would prove nothing."""

from dataclasses import replace

import pytest

from contract.run import RunState
from tests.faults.catalogues import Catalogue, good, overtaken
from tests.faults.journal import Post
from tests.faults.verdict import Interruption, Observed, judge

BATCHES = 3
NEWEST = good("shop", BATCHES, version=2, name="shop/b.json").stored('"0x2"')
OLDER = overtaken(
    good("shop", BATCHES, version=1, name="shop/a.json").stored('"0x1"'), may_be_missed=False
)


def sent(catalogue: Catalogue, *batches: int) -> list[Post]:
    """Return POSTs of a catalogue's batches, accepted and answered."""
    products = list(catalogue.products.items())
    return [
        Post(0, 0.0, "token", tuple(products[(batch - 1) * 200 : batch * 200]), 0, 0.0, 200)
        for batch in batches
    ]


def in_order(*posts: Post) -> list[Post]:
    """Return the POSTs one after another, a second apart."""
    return [
        replace(
            post,
            number=number,
            arrived=float(number),
            accepted=None if post.accepted is None else number,
            accepted_at=None if post.accepted is None else number + 0.5,
        )
        for number, post in enumerate(posts)
    ]


def ended(catalogue: Catalogue, state: RunState | None = None, accepted: int = 600) -> Observed:
    """Return the record of a run at its end."""
    state = state or RunState.COMPLETED_WITH_REJECTIONS
    not_sent = 600 - accepted
    return Observed(100.0, catalogue.store, catalogue.run, state, 601, accepted, 1, not_sent)


def test_an_undisturbed_delivery_is_good() -> None:
    verdict = judge(in_order(*sent(NEWEST, 1, 2, 3)), [ended(NEWEST)], [NEWEST])
    assert verdict.complaints == ()
    assert (verdict.lost, verdict.resent, verdict.backwards) == (0, 0, 0)
    assert (verdict.runs, verdict.ended_right) == (1, 1)


def test_a_batch_that_never_arrived_is_lost() -> None:
    verdict = judge(in_order(*sent(NEWEST, 1, 3)), [ended(NEWEST)], [NEWEST])
    assert verdict.lost == 400  # 200 missing at Digible, and 200 that the record counts
    assert verdict.complaints


def test_a_batch_that_was_not_accepted_is_lost() -> None:
    first, second, third = sent(NEWEST, 1, 2, 3)
    dropped = replace(second, accepted=None, status=None)
    verdict = judge(in_order(first, dropped, third), [ended(NEWEST, accepted=400)], [NEWEST])
    assert verdict.lost == 200
    assert verdict.ended_right == 0


def test_products_counted_before_they_were_accepted_are_lost() -> None:
    early = replace(ended(NEWEST, RunState.SENDING, accepted=400), at=1.0)
    posts = in_order(*sent(NEWEST, 1, 2, 3))
    verdict = judge(posts, [early, ended(NEWEST)], [NEWEST])
    assert verdict.lost == 200
    assert judge(posts, [replace(early, at=1.6), ended(NEWEST)], [NEWEST]).lost == 0


def test_a_price_that_no_catalogue_has_is_found() -> None:
    (post,) = sent(NEWEST, 1)
    wrong = replace(post, products=((post.products[0][0], "9.99"), *post.products[1:]))
    verdict = judge(in_order(wrong, *sent(NEWEST, 2, 3)), [ended(NEWEST)], [NEWEST])
    assert verdict.lost >= 1
    assert "no single catalogue has" in verdict.complaints[0]


def test_an_unreadable_post_is_found() -> None:
    posts = in_order(*sent(NEWEST, 1, 2, 3), Post(0, 0.0, "token", ()))
    assert "POST 3" in judge(posts, [ended(NEWEST)], [NEWEST]).complaints[0]


def test_a_batch_sent_again_without_a_reason_is_found() -> None:
    verdict = judge(in_order(*sent(NEWEST, 1, 2, 2, 3)), [ended(NEWEST)], [NEWEST])
    assert verdict.resent == 1
    assert "no interruption at all" in verdict.complaints[0]


def test_one_batch_may_be_sent_again_after_a_kill() -> None:
    posts = in_order(*sent(NEWEST, 1, 2, 2, 3))
    verdict = judge(posts, [ended(NEWEST)], [NEWEST], [Interruption(1.9)])
    assert (verdict.resent, verdict.most_resent) == (1, 1)
    assert verdict.complaints == ()


def test_two_batches_sent_again_after_one_kill_are_one_too_many() -> None:
    posts = in_order(*sent(NEWEST, 1, 2, 1, 2, 3))
    verdict = judge(posts, [ended(NEWEST)], [NEWEST], [Interruption(1.9)])
    assert (verdict.resent, verdict.most_resent) == (2, 2)
    assert "2 batches" in verdict.complaints[0]
    concurrent = [Interruption(1.9, spares=2)]
    assert judge(posts, [ended(NEWEST)], [NEWEST], concurrent).complaints == ()


def test_an_interruption_excuses_only_later_posts_of_its_store() -> None:
    posts = in_order(*sent(NEWEST, 1, 2, 2, 3))
    for interruption in (Interruption(2.5), Interruption(1.9, "another")):
        assert judge(posts, [ended(NEWEST)], [NEWEST], [interruption]).complaints


def test_a_batch_that_arrived_but_was_not_accepted_counts_as_sent() -> None:
    first, second, third = sent(NEWEST, 1, 2, 3)
    held = replace(second, accepted=None, status=None)
    verdict = judge(in_order(first, held, second, third), [ended(NEWEST)], [NEWEST])
    assert verdict.resent == 1


def test_a_batch_that_digible_refused_may_be_sent_again() -> None:
    first, second, third = sent(NEWEST, 1, 2, 3)
    busy = replace(second, accepted=None, status=503)
    verdict = judge(in_order(first, busy, busy, second, third), [ended(NEWEST)], [NEWEST])
    assert verdict.resent == 0
    assert verdict.complaints == ()


def test_an_older_price_after_a_newer_one_is_backwards() -> None:
    posts = in_order(*sent(OLDER, 1), *sent(NEWEST, 1), *sent(OLDER, 2), *sent(NEWEST, 2, 3))
    records = [ended(OLDER, RunState.SUPERSEDED, 400), ended(NEWEST)]
    assert judge(posts, records, [OLDER, NEWEST]).complaints == ()
    posts = in_order(*sent(NEWEST, 1, 2), *sent(OLDER, 2), *sent(NEWEST, 3))
    verdict = judge(posts, [ended(OLDER, RunState.SUPERSEDED, 200), ended(NEWEST)], [OLDER, NEWEST])
    assert verdict.backwards == 200
    assert verdict.lost == 200


def test_an_older_catalogue_need_not_arrive() -> None:
    posts = in_order(*sent(NEWEST, 1, 2, 3))
    records = [ended(OLDER, RunState.SUPERSEDED, 0), ended(NEWEST)]
    assert judge(posts, records, [OLDER, NEWEST]).complaints == ()


@pytest.mark.parametrize(
    "state", [RunState.SENDING, RunState.WAITING, RunState.FAILED, RunState.SUCCEEDED]
)
def test_a_run_that_ends_in_another_state_is_found(state: RunState) -> None:
    verdict = judge(in_order(*sent(NEWEST, 1, 2, 3)), [ended(NEWEST, state)], [NEWEST])
    assert verdict.ended_right == 0
    assert f"ended as {state}" in verdict.complaints[0]


def test_a_run_without_a_record_is_found_unless_it_may_be_missed() -> None:
    posts = in_order(*sent(NEWEST, 1, 2, 3))
    assert "no run record" in judge(posts, [], [NEWEST]).complaints[0]
    assert judge(posts, [], [replace(NEWEST, may_be_missed=True)]).complaints == ()


def test_counts_that_do_not_add_up_are_found() -> None:
    odd = replace(ended(NEWEST, RunState.SENDING, 200), at=50.0, not_sent=0)
    verdict = judge(in_order(*sent(NEWEST, 1, 2, 3)), [odd, ended(NEWEST)], [NEWEST])
    assert "do not add up" in verdict.complaints[0]


def test_wrong_counts_at_the_end_are_found() -> None:
    posts = in_order(*sent(NEWEST, 1, 2, 3))
    verdict = judge(posts, [replace(ended(NEWEST), read=600, rejected=0)], [NEWEST])
    assert "has wrong counts" in verdict.complaints[0]


def test_a_withdrawn_catalogue_may_be_missing_unless_its_record_says_delivered() -> None:
    failed = frozenset({RunState.FAILED})
    withdrawn = replace(NEWEST, is_withdrawn=True, may_end=NEWEST.may_end | failed)
    posts = in_order(*sent(NEWEST, 1))
    records = [ended(NEWEST, RunState.FAILED, 200)]
    assert judge(posts, records, [withdrawn]).complaints == ()
    assert judge(posts, [ended(NEWEST)], [withdrawn]).lost == 800


def test_indistinguishable_catalogues_are_an_error() -> None:
    with pytest.raises(ValueError, match="same price"):
        judge([], [], [NEWEST, replace(NEWEST, name="shop/c.json", etag='"0x3"')])
