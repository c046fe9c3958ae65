"""Styles and templates that let a browser show GX's pages without a network."""

from __future__ import annotations

# GX's pages load their styles and icons from the internet. Without internet access, a browser uses the CSS rules below.
# The rules are in a CSS layer, so styles from the internet override the rules.
STYLES = """
@layer offline {
  body {margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #212529}
  a {color: #0062cc; text-decoration: none}
  .row, .d-flex, .breadcrumb {display: flex; flex-wrap: wrap; align-items: baseline}
  body > .container-fluid > .row {flex-wrap: nowrap; align-items: flex-start}
  .container-fluid {padding: 0 1rem}
  .col-lg-2 {flex: 0 0 13rem; margin-right: 2rem}
  .col-lg-10 {flex: 1; min-width: 0}
  .ge-section > .row > div {flex: 0 0 100%; min-width: 0}
  .navbar {padding: .4rem 1rem; border-bottom: 1px solid #dee2e6}
  .breadcrumb {list-style: none; margin: 0 0 0 1rem; padding: 0}
  .breadcrumb-item + .breadcrumb-item::before {content: "/"; padding: 0 .5rem; color: #868e96}
  .nav {list-style: none; margin: 0; padding: 0}
  .navbar .nav-link {display: block; padding: .1rem 0}
  .sticky > .card.mb-3 {display: none}
  .card-header {font-weight: 600}
  .alert {padding: .5rem .8rem; background: #e9ecef; border-radius: .25rem}
  .alert-warning {background: #fff3cd}
  h4, h5, h6, p {margin: .4rem 0}
  h4, h5 {font-size: 1.1rem}
  h6 {font-size: 1rem; display: inline}
  table {border-collapse: collapse; margin: .5rem 0}
  .ge-section > .row > div > table {width: 100%}
  th, td {padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #dee2e6; text-align: left; vertical-align: top}
  .badge {padding: .1rem .4rem; border-radius: .25rem; font-size: 85%; color: #fff; background: #6c757d}
  .badge-primary {background: #0062cc}
  .badge-success {background: #1e7e34}
  .badge-warning {background: #ffc107; color: #212529}
  .badge-danger, .badge-critical {background: #c82333}
  .text-success {color: #1e7e34}
  .text-danger {color: #c82333}
  .fas {font-style: normal; font-weight: 700}
  .fa-check-circle::before {content: "\\2713"}
  .fa-times::before {content: "\\2717"}
  .fa-exclamation-triangle::before {content: "!"}
  .text-nowrap {white-space: nowrap}
  code {font-size: 85%; white-space: pre-wrap}
  a[data-toggle=collapse] {display: none}
  .collapse {padding-left: .8rem; border-left: 3px solid #dee2e6}
}
.ge-section td .show-scrollbars {max-height: none}
"""
NAVIGATION_BAR = """
<nav class="navbar navbar-expand-md border-bottom"><div class="d-flex">
  <a class="navbar-brand" href="{{ home }}"><strong>CityLake Data Docs</strong></a>
  {% if page_title %}<ol class="breadcrumb bg-light m-0"><li class="breadcrumb-item"><a href="{{ home }}">Home</a></li>
  <li class="breadcrumb-item active">{{ page_title | e }}</li></ol>{% endif %}
</div></nav>
"""
# These templates replace GX's navigation bar and footer, which load a picture and advertise a newsletter.
TEMPLATES = {
    "top_navbar.j2": NAVIGATION_BAR,
    "cloud-footer.j2": "",
    "favicon.j2": "",
    "data_docs_custom_styles.css": STYLES,
}
