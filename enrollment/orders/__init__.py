"""Another certificate for a person whom the authority has admitted once: renewal, name change, second certificate.

`placing` makes an order of a wish, `deciding` is the officers' word, `issuing` carries it out and delivers,
`subjects` finds what the certificate will say. Sources: issue 4 item 7, CA-10, CA-11, BD-12, decisions 6, 7, 32.
"""
