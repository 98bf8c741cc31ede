"""The one way in which the suite's own pages are made from templates."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["page_templates"]


def page_templates(package: str) -> Environment:
    """Return the templates of a package: everything is escaped, and what is not given is an error.

    Parameters
    ----------
    package
        The package that has a folder ``templates``.
    """
    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
