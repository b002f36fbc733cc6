"""Tag the quotes of French news: who said what, and for or against what.

For example::

    from guillemets.inference import QuoteTagger

    document = QuoteTagger.from_pretrained().tag("« Non », a dit Mme Rey.")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guillemets.inference.schema import Document, Quote, Span, Speaker, Stance
    from guillemets.inference.tagger import QuoteTagger

__all__ = ["Document", "Quote", "QuoteTagger", "Span", "Speaker", "Stance"]


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: the tagger brings torch, which takes seconds."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "tagger" if name == "QuoteTagger" else "schema"
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
