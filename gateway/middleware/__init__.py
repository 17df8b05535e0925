"""What every request passes, from the outside in. The order is the list in app/front.py; one file each.

report.py        request id, errors as answers, metrics, the access line
host.py          only hosts that are served here (RES-4)
identity.py      who is asking (KEY-7), before anything is looked up
"""
