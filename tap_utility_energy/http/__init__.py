"""All HTTP of the tap. It knows neither vendor and no stream.

A request goes through these modules, top down:

- ``client``: one request to one vendor, from budget to decoded answer
- ``budget``: spaces requests evenly
- ``parallel``: several requests at once
- ``retry``: what is tried again, how long to wait, when to give up
- ``session``: the connection, its time limit, and credentials that only one origin gets
- ``faults``: what went wrong, as a sentence and what to do
- ``redaction``: strikes secrets from whatever leaves the process
"""
