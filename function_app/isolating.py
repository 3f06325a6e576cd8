"""Finds the products at fault in a refused batch by halving it."""

from collections.abc import Callable, Iterator
from typing import assert_never

from contract.product import Rejection, Stage, shown_id
from function_app.answers import (
    Accepted,
    Answer,
    Refused,
    TokenRefused,
    Unavailable,
    Unreadable,
)
from function_app.batching import Batch
from function_app.settling import BatchOutcome


def isolate(
    batch: Batch, refused: Refused, send: Callable[[Batch], Answer]
) -> Iterator[BatchOutcome]:
    """Send ever smaller parts of a refused batch, in order, until the products at fault stand alone.

    Yields after each part what that settled, so that the caller can save it, and can stop. Rejections
    count only once some product of the batch has been accepted: if each of them is refused alone, not the
    products but the request is wrong, and the last outcome has that trouble.
    """
    unsettled, any_accepted = batch, batch.is_rest
    rejections: list[Rejection] = []
    answer: Answer = refused
    parts = [batch]
    while parts:
        part = parts.pop()
        if part is not batch:
            answer = send(part)
        accepted = Accepted()
        match answer:
            case Accepted():
                any_accepted, accepted = True, answer
            case Refused(about_products=True) if len(part.products) > 1:
                middle = len(part.products) // 2
                parts += [part.part(middle), part.part(0, middle)]
                yield BatchOutcome(unsettled, 0)
                continue
            case Refused(about_products=True):
                refused = answer
                rejections.append(_rejection(part, refused))
            case Refused() | TokenRefused() | Unreadable() | Unavailable():
                yield BatchOutcome(unsettled, 0, trouble=answer)
                return
            case _:
                assert_never(answer)
        if any_accepted:
            count = part.end - unsettled.start
            yield BatchOutcome(
                unsettled, count, tuple(rejections), accepted.message, accepted.warning
            )
            unsettled, rejections = unsettled.part(count), []
        else:
            yield BatchOutcome(unsettled, 0)
    if not any_accepted:
        yield BatchOutcome(batch, 0, trouble=refused)


def _rejection(part: Batch, refused: Refused) -> Rejection:
    return Rejection(
        shown_id(part.products[0].product_id), part.rows[0], Stage.DIGIBLE, refused.detail
    )
