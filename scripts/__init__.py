"""What `make` runs to write files: `generate`, `site_hooks` and `release`.

`generate` takes the settings and streams from the tap. It writes `docs/streams.md` with
`streams_page`, `joins` and `diagram`, the tables of other pages with `tables`,
`docs/your-own-project.md` with `own_project`, and the definitions for Meltano with `hub`.
"""
