"""The report suite: from notebooks and snapshots to published editions.

notebook, checks     a report's declared parameters; the form that a notebook keeps
plan, keys           which jobs there are, and what each one's result depends on
environment, engine, execute, normalise
                     a job in a kernel of its own; the executed notebook, the same bytes each time
render/              executed notebook -> HTML
manifest, editions, secrets
                     what an edition says of itself; staged, renamed, served; searched for secrets
run, status          all of it in one go; what is fresh and what is stale, in words
portal               the page that links it all
"""
