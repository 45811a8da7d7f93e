"""`tidelock doctor` of users who lack rights: asked of a real API server, since
`tidelock sim` lets everybody do everything."""

from conftest import make_namespace
from roles import Tenant
from test_doctor import WEBSITE, doctor, states


def test_rights_that_are_missing_are_named(bare_cluster):
    nobody = bare_cluster.user("nobody")
    found = doctor(WEBSITE, kubeconfig=nobody, code=1)
    row, = found["operators", "rights"]
    assert row["state"] == "fail"
    assert "missing: list websites.example.com in all namespaces" in row["message"]
    assert "tidelock rbac" in row["hint"]
    # which definitions there are is not for everyone, and not needed
    assert states(found)["operators", "definitions"] == ["warn"]


def test_the_roles_of_rbac_are_enough_for_it(bare_cluster):
    ns = make_namespace(bare_cluster)
    tenant = Tenant(bare_cluster, str(WEBSITE), ns, ("--namespace", ns))
    assert states(doctor(*tenant.arguments, kubeconfig=tenant.kubeconfig,
                         code=1))["operators", "rights"] == ["fail"]
    tenant.give()
    assert states(doctor(*tenant.arguments, kubeconfig=tenant.kubeconfig)
                  )["operators", "rights"] == ["ok"]
