"""What the company answered to which message of a conversation: the times, never the words."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.records import Reply


def replies_between(answers: Sequence[Reply | None], number: int) -> tuple[Reply, ...]:
    """Return the company's answers between one message of the customer and the customer's next.

    Args:
        answers: For each message of a conversation, oldest first: the answer it is, or ``None`` where the
            customer speaks.
        number: Place of the customer's message.
    """
    following: list[Reply] = []
    for answer in answers[number + 1 :]:
        if answer is None:
            break
        following.append(answer)
    return tuple(following)
