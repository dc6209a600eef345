"""Three Flask pages that set three cookies: a few constant lines, a list as shops show it, by a template,
and the same list out of a database.
"""

from __future__ import annotations

from flask import Flask, Response, make_response, render_template, session
from jinja2 import DictLoader
from sqlalchemy import StaticPool, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

LINES = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<title>Shop</title>
<p>Hello, page {}. <a href="/privacy-choices">Cookie settings</a>
"""
LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{% block title %}{% endblock %}</title>
<link rel="stylesheet" href="{{ url_for('static', filename='shop.css') }}">
</head>
<body>
<nav><ul>
{% for name in ("Home", "New", "Boots", "Tents", "Sale") %}
<li><a href="{{ url_for('listing') }}?part={{ name }}">{{ name }}</a></li>
{% endfor %}
</ul></nav>
<main>{% block main %}{% endblock %}</main>
<footer>Visit {{ session.visits }}. <a href="/privacy-choices">Cookie settings</a></footer>
</body>
</html>
"""
LIST = """{% extends "layout.html" %}
{% block title %}{{ items | length }} things for a long walk{% endblock %}
{% block main %}
<h1>Things for a long walk</h1>
<ul class="items">
{% for item in items %}
<li class="item{% if item.price < 50 %} item--cheap{% endif %}">
<a href="{{ url_for('listing') }}?item={{ item.number }}"><img src="/static/{{ item.number }}.jpg" alt="{{ item.name }}"></a>
<h2>{{ item.name }}</h2>
<p>{{ item.text }}</p>
<p class="price">{{ "%.2f" | format(item.price) }}</p>
</li>
{% endfor %}
</ul>
{% endblock %}
"""
ITEMS = [
    {
        "number": number,
        "name": f"Boot & sole no. {number}",
        "text": "Dry feet, dry days. " * 4,
        "price": number * 9.5,
    }
    for number in range(24)
]


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    text: Mapped[str]
    price: Mapped[float]


# In memory, so that no disk is measured.
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
with Session(engine) as filling:
    filling.add_all(Item(**item) for item in ITEMS)
    filling.commit()

app = Flask(__name__)
app.secret_key = "benchmark-key-of-thirty-two-bytes"
app.jinja_loader = DictLoader({"layout.html": LAYOUT, "list.html": LIST})


def with_cookies(page: str) -> Response:
    response = make_response(page)
    response.set_cookie("theme", "dark", max_age=15552000)
    response.set_cookie("_ga", "GA1.1.1604.1795305600", max_age=34560000)
    return response


@app.get("/")
def lines() -> Response:
    session["visits"] = session.get("visits", 0) + 1
    return with_cookies(LINES.format(session["visits"]))


@app.get("/list")
def listing() -> Response:
    session["visits"] = session.get("visits", 0) + 1
    return with_cookies(render_template("list.html", items=ITEMS))


@app.get("/stock")
def stock() -> Response:
    session["visits"] = session.get("visits", 0) + 1
    with Session(engine) as reading:
        items = reading.scalars(select(Item).order_by(Item.number)).all()
        return with_cookies(render_template("list.html", items=items))
