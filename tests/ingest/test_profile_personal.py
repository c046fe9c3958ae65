"""Test which columns look personal, by their names and by their values."""

from __future__ import annotations

import pytest

from ingest.profile_personal import find_personal_data

NAMES = ["Ann Lee", "Bob O'Hara", "Zoë van Dyk", "Lee, Carla"]
WORDS = ("Lee", "Stone", "Diaz", "Brown")
POINT = "POINT (-122.41942 37.77493)"


@pytest.mark.parametrize(
    ("header", "values", "type_", "action"),
    [
        ("caller_name", ["anything"], "string", "redact"),
        ("last_name", ["Lee"], "string", "redact"),
        ("surname", ["Lee"], "string", "redact"),
        ("name", NAMES, "string", "redact"),
        ("reported_by", NAMES, "string", "redact"),
        ("officer", NAMES, "string", "redact"),
        ("contact", ["a@example.org", "b@example.org"], "string", "redact"),
        ("channel", ["phone"] * 9 + ["a@example.org"], "string", "redact"),
        ("reached_at", ["604 555 0123", "(604) 555-0199", "+1 604-555-0100"], "string", "redact"),
        ("mobile", ["6045550123"], "string", "redact"),
        ("mobile", ["6045550123"], "bigint", "redact"),
        ("site", ["453 W 12th Ave", "1 Main St"], "string", "redact"),
        ("home_address", ["somewhere"], "string", "redact"),
        ("zip", ["94110"], "string", "generalize_prefix"),
        ("date_of_birth", ["1999-05-06"], "date", "generalize_year"),
        ("dob", ["06/05/99"], "string", "redact"),
        ("latitude", ["37.77493"], "double", "generalize_coordinate"),
        ("where", [POINT], "string", "drop"),
        ("where", ["37.77493, -122.41942"], "string", "drop"),
        ("geom", ['{"lon":-122.41942,"lat":37.77493}'], "string", "drop"),
        ("geo", ["{'lon': -123.08183, 'lat': 49.24588}"], "string", "drop"),
        ("x_coordinate", ["5998012"], "int", "drop"),
        ("ssn", ["123-45-6789"], "string", "redact"),
        ("student_id", ["123"], "int", "redact"),
        ("passport_number", ["X1"], "string", "redact"),
        ("client_ip", ["10.0.0.1"], "string", "redact"),
        ("notes", ["the resident wants a call from Ann", "the door of number 4 is open"], "string", "redact"),
        ("first_name", [], "string", "redact"),
        ("email", [], "string", "redact"),
        ("entleiher", ["Stone"], "string", "redact"),
        ("nom", ["Dupont"], "string", "redact"),
        ("adresse", ["ici"], "string", "redact"),
        ("card_number", ["21234000001"], "bigint", "redact"),
        ("library_card", ["21234000001"], "bigint", "redact"),
        ("patron_barcode", ["21234000001"], "string", "redact"),
        ("credit_card", ["4111 1111 1111 1111"], "string", "redact"),
        ("creditcard", ["4111111111111111"], "bigint", "redact"),
        ("health_card", ["9876543210"], "bigint", "redact"),
        ("social_insurance_number", ["123456789"], "int", "redact"),
        ("licence_plate", ["ABC 123"], "string", "redact"),
        ("license_plate", ["4XYZ"], "string", "redact"),
        ("driverslicense", ["D1234"], "string", "redact"),
        ("id_user", ["7"], "int", "redact"),
        ("userid", ["alee1"], "string", "redact"),
        ("patronid", ["12"], "int", "redact"),
        ("employeeid", ["12"], "int", "redact"),
        ("host", ["2001:db8::1", "fe80::1/64"], "string", "redact"),
        ("host", ["2001:0db8:0:0:0:ff00:0042:8329"], "string", "redact"),
        ("owner", ["LEE", "RAY", "O'HARA"], "string", "redact"),
        ("resident", ["Lee", "van Dyk"], "string", "redact"),
        ("officer_2", ["Lee", "Smith-Ray"], "string", "redact"),
        ("first", ["Ann", "Zoë"], "string", "redact"),
        ("last", ["Lee", "Diaz"], "string", "redact"),
        ("owner_last", ["Lee", "Diaz"], "string", "redact"),
        ("library_card", [], "string", "redact"),
        ("userid", [], "string", "redact"),
        ("column_1", [f"{first} {last}" for first in ("Ann", "Bob", "Zoë") for last in WORDS], "string", "redact"),
    ],
)
def test_personal_columns_are_masked(header, values, type_, action):
    found = find_personal_data(tuple(header.split("_")), dict.fromkeys(values, 1), type_=type_)
    assert found is not None
    assert found.action == action


@pytest.mark.parametrize(
    ("header", "values", "type_"),
    [
        ("incident", ["Medical Incident", "Structure Fire", "Citizen Assist"], "string"),
        ("branch_name", ["Central", "Kitsilano"], "string"),
        ("name", ["Central", "Kitsilano"], "string"),
        ("channel", ["Phone", "E-mail", "WEB"], "string"),
        ("phone_calls", ["3", "12"], "int"),
        ("address", ["4500 BLOCK OF MAIN ST", "100 block of 2nd Ave"], "string"),
        ("latitude", ["37.7", "38"], "double"),
        ("case_number", ["604-12"], "string"),
        ("call_type", ["Medical Incident", "Structure Fire"], "string"),
        ("department", ["Parks Board", "Fire Rescue"], "string"),
        ("description", ["Noise", "Graffiti"], "string"),
        ("created_at", ["2024-05-31T12:30:00Z"], "timestamp"),
        ("price", ["1.25"], "double"),
        ("comments", [], "string"),
        ("barcode_scans", ["12345", "20001"], "int"),
        ("num_barcode_scans", ["12345"], "int"),
        ("item_barcode", ["31234000001"], "bigint"),
        ("cards_issued", ["12345"], "int"),
        ("credit_card", ["12", "40"], "int"),
        ("payment_card", ["Visa", "Mastercard"], "string"),
        ("card_type", ["Adult 1", "Youth 2"], "string"),
        ("license_plate_state", ["BC", "WA"], "string"),
        ("insurance_type", ["Basic"], "string"),
        ("number_of_staff", ["3"], "int"),
        ("first_seen", ["Boston", "Denver"], "string"),
        ("last_updated", ["2024-05-31T12:30:00Z"], "timestamp"),
        ("last_action", ["Closed", "Opened"], "string"),
        ("owner_type", ["Private Company", "City Board"], "string"),
        ("owner", ["City", "Private", "Metro"], "string"),
        ("contact", ["Phone", "Email", "Web"], "string"),
        ("opened", ["12:30:00", "09:15:00"], "string"),
        ("version", ["1.2.3", "1.2.10"], "string"),
        ("first", ["1st Ave", "2nd Ave"], "string"),
        ("guest_id_type", ["7"], "int"),
        ("library_card_status", [], "string"),
        ("placard", ["A1"], "string"),
    ],
)
def test_other_columns_are_not_masked(header, values, type_):
    assert find_personal_data(tuple(header.split("_")), dict.fromkeys(values, 1), type_=type_) is None


@pytest.mark.parametrize(("emails", "action"), [(4, None), (5, "redact")])
def test_a_column_is_masked_if_five_percent_of_the_cells_are_email_addresses(emails, action):
    found = find_personal_data(("channel",), {"phone": 100 - emails, "a@example.org": emails}, type_="string")
    assert (found and found.action) == action
