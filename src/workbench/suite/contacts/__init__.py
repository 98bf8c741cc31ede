"""One contact policy for all lists of a unit: who is contacted, by which list, and who is not.

A report writes candidates: customers who qualify, each with a reason. Reports run side by side and
may be carried over from an earlier edition, so none of them knows what another one's list holds.
When all reports of a unit are done, all of its lists are settled together::

    policy.py     the policy in force
    chance.py     who is drawn by chance, by a keyed hash
    settling.py   candidates, contacts made, policy -> what becomes of each candidate
    places.py     where the files are, and whether they are whole
    files.py      candidates read, lists written
    told.py       what the edition tells: ``contacts.json``, small groups hidden
    words.py      the same in sentences
    page.py       the page for people
    unit.py       all of it for one unit; heavy, and imported when there is something to settle
    edition.py    lists of an edition in the making: settled, told, put in their places
"""
