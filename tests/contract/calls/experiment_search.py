"""experiments/search, by POST and by GET."""

from tests.contract.steps import UNREAD, Step, differs, experiment, get, post, send

BETA = [{"key": "team", "value": "speech"}, {"key": "a b", "value": "1"}]
LOWER = differs(200, "", "operators are read in any case, as in searches for runs")
HERE = "name LIKE '$here%'"


def three() -> list[Step]:
    return [
        experiment(name="$here alpha", save="alpha", tags=[{"key": "team", "value": "vision"}]),
        experiment(
            name="$here Beta", save="beta", tags=[{"key": "team", "value": "speech"}, {"key": "a b", "value": "1"}]
        ),
        experiment(name="$here gamma", save="gamma"),
    ]


def search(condition: str = "", **fields: object) -> Step:
    return post("experiments/search", **{"max_results": 50, "filter": condition, "order_by": ["name ASC"]} | fields)


def bad(condition: object, **fields: object) -> Step:
    return post("experiments/search", max_results=5, filter=condition, **fields)


SCENARIOS: dict[str, list[Step]] = {
    "experiments are found by name": [
        *three(),
        search(HERE),
        search("name = '$here alpha'"),
        search("name != '$here alpha' AND " + HERE),
        search("attribute.name = '$here alpha'"),
        search("attributes.name = '$here alpha'"),
        search("attr.name = '$here alpha'"),
        search("name ILIKE '$here b%'"),
        search("name LIKE '$here b%'"),
        search("name LIKE '$here _lpha'"),
        search('name = "$here alpha"'),
        search("`name` = '$here alpha'"),
        search("NAME = '$here alpha'"),
        search("name = '$here alpha' and name like '%alpha'", differs=LOWER),
        search("name='$here alpha'AND name LIKE '%'"),
        search("  name   =   '$here alpha'  "),
        search("name = '$here nobody'"),
    ],
    "experiments are found by tag": [
        *three(),
        search(HERE + " AND tags.team = 'vision'"),
        search(HERE + " AND tags.team != 'vision'"),
        search(HERE + " AND tag.team = 'speech'"),
        search(HERE + " AND tags.team LIKE '%s%'"),
        search(HERE + " AND tags.team ILIKE 'SPEECH'"),
        search(HERE + " AND tags.`a b` = '1'"),
        search(HERE + ' AND tags."a b" = "1"'),
        search(HERE + " AND tags.team IS NULL"),
        search(HERE + " AND tags.team IS NOT NULL"),
        search(HERE + " AND tags.nothing = 'x'"),
        search(HERE + " AND tags.TEAM = 'vision'"),
    ],
    "experiments are found by time": [
        *three(),
        search(HERE + " AND creation_time > 0"),
        search(HERE + " AND creation_time < 1"),
        search(HERE + " AND last_update_time >= 1"),
        search(HERE + " AND last_update_time = 1"),
        search(HERE + " AND creation_time != 1"),
        search(HERE + " AND creation_time <= 99999999999999"),
    ],
    "experiments are found by a filter that is wrong": [
        *three(),
        bad("name = alpha"),
        bad("name = 5"),
        bad("name > 'a'"),
        bad("nothing = 'a'"),
        bad("name"),
        bad("name ="),
        bad("= 'a'"),
        bad("name = 'a"),
        bad("name = 'a' OR name = 'b'"),
        bad("name = 'a' AND"),
        bad("AND name = 'a'"),
        bad("(name = 'a')"),
        bad("name IN ('a', 'b')"),
        bad("metrics.a > 1"),
        bad("params.a = '1'"),
        bad("tags.a > '1'"),
        bad("tags = '1'"),
        bad("creation_time = 'yesterday'"),
        bad("creation_time LIKE '1'"),
        bad("experiment_id = '0'"),
        bad("name = 'a'; DROP TABLE experiments"),
        bad(5),
        bad(["name = 'a'"]),
    ],
    "experiments are ordered": [
        *three(),
        search(HERE, order_by=["name DESC"]),
        search(HERE, order_by=["name"]),
        search(HERE, order_by=["name asc"]),
        search(HERE, order_by=["attribute.name DESC"]),
        search(HERE, order_by=["creation_time ASC"]),
        search(HERE, order_by=["creation_time DESC", "name ASC"]),
        search(HERE, order_by=["last_update_time ASC", "name"]),
        search(HERE, order_by=["experiment_id DESC"]),
        search(HERE, order_by=["experiment_id ASC"]),
        search(HERE, order_by=[]),
        post("experiments/search", max_results=10, filter=HERE),
        post("experiments/search", max_results=10, filter=HERE, orderBy=["name DESC"]),
    ],
    "experiments are ordered by what cannot be": [
        bad("", order_by=["nothing"]),
        bad("", order_by=["name SIDEWAYS"]),
        bad("", order_by=["name ASC DESC"]),
        bad("", order_by=["tags.a ASC"]),
        bad("", order_by=["name; DROP TABLE x"]),
        bad("", order_by=[5], differs=UNREAD),
        bad("", order_by="name"),
        bad("", order_by=[""]),
    ],
    "experiments come page by page": [
        *three(),
        search(HERE, max_results=2, save={"page": "next_page_token"}),
        search(HERE, max_results=2, page_token="$page"),
        search(HERE, max_results=3),
        search(HERE, max_results="2"),
        search(HERE, max_results=1, order_by=["name DESC"], save={"page": "next_page_token"}),
        search(HERE, max_results=2, order_by=["name DESC"], page_token="$page"),
        search(HERE, max_results=50000),
    ],
    "experiments come in pages that cannot be": [
        post("experiments/search", says=True),
        post("experiments/search", max_results=0, says=True),
        post("experiments/search", max_results=-1, says=True),
        post("experiments/search", max_results=50001, says=True),
        post("experiments/search", max_results="many", says=True),
        post("experiments/search", max_results=2.5),
        post("experiments/search", max_results=[2]),
        post("experiments/search", max_results=2, page_token="nonsense"),
        post("experiments/search", max_results=2, page_token=5),
        post("experiments/search", max_results=2, view_type="SOME", differs=UNREAD),
        post("experiments/search", max_results=2, view_type=9, differs=UNREAD),
        post("experiments/search", max_results=2, view_type=["ALL"]),
    ],
    "experiments are seen by their state": [
        *three(),
        post("experiments/delete", experiment_id="$beta"),
        search(HERE),
        search(HERE, view_type="ACTIVE_ONLY"),
        search(HERE, view_type="DELETED_ONLY"),
        search(HERE, view_type="ALL"),
        search(HERE, view_type=1),
        search(HERE, view_type=2),
        search(HERE, view_type=3),
        search(HERE, viewType="ALL"),
    ],
    "experiments are searched by GET": [
        *three(),
        get("experiments/search", max_results=50, filter=HERE, order_by=["name DESC"]),
        get("experiments/search", max_results=50, filter=HERE, order_by=["name ASC", "creation_time DESC"]),
        get("experiments/search", max_results=2, filter=HERE, order_by="name", save={"page": "next_page_token"}),
        get("experiments/search", max_results=2, filter=HERE, order_by="name", page_token="$page"),
        get("experiments/search", max_results=2, filter=HERE, view_type="DELETED_ONLY"),
        get("experiments/search", says=True),
        get("experiments/search", max_results=0, says=True),
        get("experiments/search", max_results="many"),
        get("experiments/search", max_results=2, filter="name ="),
        get("experiments/search", max_results=2, order_by="nothing"),
        get("experiments/search", max_results=2, view_type="SOME", differs=UNREAD),
        send("GET", "experiments/search?max_results=2&filter=name%20%3D%20'%24here'"),
    ],
}
