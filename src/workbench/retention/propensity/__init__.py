"""Who will leave within some days, how sure that is, and whom to contact first.

::

    facts.py       the names of what is known of a customer, and the unit's tables
    bought.py      order lines -> what each customer had bought by a day (the reduction)
    held.py        subscriptions -> what each customer held on a day, and who left after it
    contacts.py    contacts with support and by campaigns -> what was known of them by a day
    people.py      the table of customers -> what does not change about them
    features.py    all of these for one day: nothing from after it can enter
    panel.py       customers at several cut-off days with what became of them
    snapshot.py    the same from one snapshot without history, dealt by chance
    design.py      facts -> the numbers that models take
    models.py      regularised logistic regression, boosted trees, and their calibration
    fitting.py     which model is used, and whether any is
    quality.py     ranking, calibration, the top tenth, gains, with intervals over customers
    importance.py  which facts the model rests on
    reasons.py     why a customer's risk is high, in words
    leavers.py     how many will leave, with an interval
    stakes.py      what a contact earns, and what a point of retention is worth
    contact.py     consent and channel of customers
    acting.py      customers to act on before they leave, and their segments
    study.py       all of it in one call, as the notebook makes it
    sentences.py   what it says, a sentence each
    reading.py     all of them, as the notebook shows them
"""
