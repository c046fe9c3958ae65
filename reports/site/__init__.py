"""Write reports as a static site. The site needs no server, and no network when it is viewed."""
