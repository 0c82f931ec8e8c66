"""``python -m setup.hub``: the local Hub alone, from a shell."""

import argparse
import sys
from pathlib import Path

from setup.hub.errors import HubStartError
from setup.hub.server import serve
from setup.mirror.limits import Limits

HERE = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; gives the exit status."""
    options = _parser().parse_args(arguments)
    try:
        serve(
            options.seeds, options.state, options.host, options.port, _log, options.sign_up,
            trying=not options.no_widget, mirrored=[*options.mirror, options.web],
            limits=options.github_limits,
        )  # fmt: skip
    except HubStartError as err:
        _log(f"error: {err}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m setup.hub", description=__doc__)
    parser.add_argument("--seeds", type=Path, default=HERE / "data" / "hub")
    parser.add_argument("--state", type=Path, default=HERE / ".classroom" / "hub")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--sign-up", action="store_true", help="let people make accounts")
    parser.add_argument("--web", type=Path, default=HERE / "data" / "web")
    parser.add_argument(
        "--mirror",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="more files of other web servers, DIR/HOST/PATH; they come before those of --web",
    )
    parser.add_argument(
        "--github-limits",
        type=_limits,
        metavar="WITHOUT,WITH,SECONDS",
        help="requests to GitHub's API in a window, without and with a token (60,5000,3600)",
    )
    parser.add_argument("--no-widget", action="store_true", help="do not run models in pages")
    return parser


def _limits(text: str) -> Limits:
    """Read three numbers; argparse tells of a ValueError."""
    anonymous, known, window = text.split(",")
    return Limits(int(anonymous), int(known), float(window))


def _log(line: str) -> None:
    print(f"hub: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
