"""Where uploaded files are decoded: never in the process that took them (decision 28).

`client` asks, `zygote` forks one child per file, the child runs `structure`, `raster` (Pillow) or
`enrollment.documents` (PDF) under limits and answers as `wire` says. The door is `enrollment.images`.
"""
