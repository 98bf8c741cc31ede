"""Brook & Daughters: a till and a web shop that overlap and contradict each other.

``facts`` holds what is planted, ``records`` the customers as two systems know them, ``world`` lets
it happen, ``orders`` and ``files`` write it down, ``dirt`` spoils it, ``unit`` does all of it.
"""

from workbench.data.demo.brook.unit import write_brook

__all__ = ["write_brook"]
