"""structlog, as the whole program imports it: without rich.

structlog loads rich, where it is installed, to draw traces with local variables. Ours are plain, because variables hold
prompts and keys; a server without rich is 3 MB smaller and starts 0.1 s earlier.
"""

import sys

_known = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]  # Python's way to say that there is none (import system, 5.3.1)
try:
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger
finally:
    del sys.modules["rich"]
    if _known is not None:
        sys.modules["rich"] = _known

__all__ = ["EventDict", "Processor", "WrappedLogger", "structlog"]
