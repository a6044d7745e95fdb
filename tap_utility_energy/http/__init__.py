"""All HTTP of the tap. It knows no vendor and no stream.

A request goes through these modules, top down:

- ``client``: one vendor's requests, from the URL to a decoded page
- ``rate_limit``, ``shared_rate``: spaces requests evenly, in one process or in several
- ``retry``: which failures are retried, how long to wait, when to give up
- ``session``: connections, their time limits, and credentials for one origin only
- ``connections``: connections that can be cut, and answers of bounded size
- ``filters``: splits filters that are too long for one URL
- ``page``, ``decoding``: a response's records, decoded without loss
- ``lazy_records``: records that stay raw JSON until they are used
- ``pagination``: the next page
- ``threads``: several requests at the same time
- ``errors``: what went wrong, as a sentence that says what to do
- ``redaction``: removes secrets from everything that leaves the process
"""
