"""The control plane itself: what the other tests rely on."""

import os
import pathlib
import subprocess
import sys

import pytest

from controlplane import ApiError, ClusterError, ControlPlane, wait_for

HERE = pathlib.Path(__file__).resolve().parent
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def cluster():
    with ControlPlane(tokens={"robot": ["machines"]}) as running:
        yield running


def alive(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name}, "data": data}


def test_an_apply_is_seen_in_the_audit_log(cluster):
    mark = cluster.audit_mark()
    cluster.client().apply(f"{CONFIG_MAPS}/settings", config_map("settings", colour="blue"),
                           manager="painter")

    events = cluster.audit(since=mark, user="admin", verbs=["patch"])
    assert [e["objectRef"]["name"] for e in events] == ["settings"]
    assert events[0]["requestObject"]["data"] == {"colour": "blue"}
    assert events[0]["responseStatus"]["code"] == 201
    assert cluster.audit(since=cluster.audit_mark(), user="admin") == []


def test_reads_are_audited_without_bodies_and_watches_twice(cluster):
    mark = cluster.audit_mark()
    cluster.client().get(CONFIG_MAPS, limit=1)
    stream = cluster.client().watch(CONFIG_MAPS, timeoutSeconds=30)
    next(stream)
    stream.close()

    def stages(verb):
        events = cluster.audit(since=mark, user="admin", verbs=[verb],
                               resource="configmaps")
        assert not any("responseObject" in e for e in events)
        return [e["stage"] for e in events]

    assert stages("list") == ["ResponseComplete"]
    wait_for(lambda: stages("watch") == ["ResponseStarted", "ResponseComplete"],
             "the watch to end")


def test_kubectl_reads_what_the_client_wrote(cluster):
    cluster.kubectl("apply", "-f", "-", input="""
apiVersion: v1
kind: ConfigMap
metadata: {name: by-kubectl}
data: {a: "1"}
""")
    assert cluster.client().get(f"{CONFIG_MAPS}/by-kubectl")["data"] == {"a": "1"}
    assert cluster.kubectl("get", "cm", "absent", check=False).returncode == 1
    with pytest.raises(ClusterError, match="NotFound"):
        cluster.kubectl("get", "cm", "absent")


def test_controllers_are_at_work(cluster):
    client = cluster.client()
    owner = client.post(CONFIG_MAPS, config_map("owner"))
    child = config_map("child")
    child["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner",
         "uid": owner["metadata"]["uid"]}]
    client.post(CONFIG_MAPS, child)
    client.delete(f"{CONFIG_MAPS}/owner")

    def collected():
        names = {o["metadata"]["name"] for o in client.get(CONFIG_MAPS)["items"]}
        return "child" not in names
    wait_for(collected, "the garbage collector")


def test_a_minted_user_is_forbidden_until_a_role_binding_allows(cluster):
    robin = cluster.client(cluster.user("robin", ["gardeners"]))
    with pytest.raises(ApiError) as forbidden:
        robin.get(CONFIG_MAPS)
    assert forbidden.value.status == 403
    assert forbidden.value.reason == "Forbidden"

    cluster.client().post(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
        {"metadata": {"name": "gardeners"},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                     "kind": "ClusterRole", "name": "view"},
         "subjects": [{"apiGroup": "rbac.authorization.k8s.io",
                       "kind": "Group", "name": "gardeners"}]})
    wait_for(lambda: robin.get(CONFIG_MAPS), "the RoleBinding to count")
    assert cluster.audit(user="robin", verbs=["list"])


def test_token_users(cluster):
    def whoami(kubeconfig):
        review = cluster.client(kubeconfig).post(
            "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
        by_kubectl = cluster.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}",
                                     kubeconfig=kubeconfig)
        assert by_kubectl.stdout == review["status"]["userInfo"]["username"]
        return review["status"]["userInfo"]

    assert "machines" in whoami(cluster.token_user("robot"))["groups"]
    assert whoami(cluster.token_user("robot", as_file=True))["username"] == "robot"
    assert whoami(cluster.service_account("default", "default"))["username"] == \
        "system:serviceaccount:default:default"
    with pytest.raises(ClusterError, match="no token for 'nobody'"):
        cluster.token_user("nobody")


def test_the_apiserver_restarts_on_the_same_port_with_the_same_data(cluster):
    client = cluster.client()
    client.post(CONFIG_MAPS, config_map("survivor"))
    port, before = cluster.port, cluster.pids

    cluster.stop_apiserver()
    with pytest.raises(ConnectionRefusedError):
        client.get(f"{CONFIG_MAPS}/survivor")
    cluster.start_apiserver()

    assert client.get(f"{CONFIG_MAPS}/survivor")["metadata"]["name"] == "survivor"
    assert cluster.port == port
    assert cluster.pids["kube-apiserver"] != before["kube-apiserver"]
    assert cluster.pids["etcd"] == before["etcd"]


def test_a_paused_apiserver_is_silent_until_it_goes_on(cluster):
    cluster.pause("kube-apiserver")
    impatient = cluster.new_client(timeout=0.2)
    try:
        with pytest.raises(TimeoutError):
            impatient.get("/version")
    finally:
        cluster.resume("kube-apiserver")
    assert cluster.client().get("/version")["major"] == "1"


def test_metrics(cluster):
    metrics = cluster.apiserver_metrics()
    assert any(labels.get("verb") == "LIST"
               for labels, _ in metrics["apiserver_request_total"])


def test_compaction_makes_an_old_watch_answer_410(cluster):
    cluster.restart_apiserver(["--watch-cache=false"])
    client = cluster.client()
    old = client.get(CONFIG_MAPS)["metadata"]["resourceVersion"]
    client.post(CONFIG_MAPS, config_map("later"))

    def first_event():
        stream = client.watch(CONFIG_MAPS, resourceVersion=old, timeoutSeconds=30)
        return next(stream)

    assert first_event()["object"]["metadata"]["name"] == "later"
    assert cluster.compact_etcd() > int(old)
    event = first_event()
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_a_replica_lags_and_catches_up(cluster):
    replica = cluster.add_replica()
    client = cluster.client()
    client.post(CONFIG_MAPS, config_map("news"))
    stale = {"resourceVersion": "0"}        # what a cache has, however old

    def names():
        items = replica.client().get(CONFIG_MAPS, **stale)["items"]
        return {o["metadata"]["name"] for o in items}

    wait_for(lambda: "news" in names(), "the replica to know")
    replica.lag()
    client.delete(f"{CONFIG_MAPS}/news")
    assert "news" not in {o["metadata"]["name"] for o in client.get(CONFIG_MAPS)["items"]}
    assert "news" in names()
    replica.catch_up()
    wait_for(lambda: "news" not in names(), "the replica to catch up")
    assert cluster.kubectl("auth", "whoami", kubeconfig=replica.kubeconfig())


def test_a_restored_etcd_gives_out_resource_versions_again(cluster):
    client = cluster.client()
    client.post(CONFIG_MAPS, config_map("before"))
    backup = cluster.backup_etcd()
    for i in range(200):        # more than the controllers will write afterwards
        client.post(CONFIG_MAPS, config_map(f"after-{i}"))
    ahead = int(client.get(CONFIG_MAPS)["metadata"]["resourceVersion"])

    cluster.restore_etcd(backup)

    assert client.get(f"{CONFIG_MAPS}/before")
    with pytest.raises(ApiError) as gone:
        client.get(f"{CONFIG_MAPS}/after-0")
    assert gone.value.status == 404
    assert int(client.get(CONFIG_MAPS)["metadata"]["resourceVersion"]) < ahead


def test_nothing_is_left_behind():
    cluster = ControlPlane(controller_manager=False)
    with pytest.raises(ZeroDivisionError):
        with cluster:
            pids, folder = cluster.pids.values(), cluster.folder
            assert len(pids) == 2 and all(alive(p) for p in pids)
            1 / 0       # what a failing test does
    assert not any(alive(p) for p in pids)
    assert not folder.exists()
    assert cluster.pids == {}


def test_a_start_that_fails_shows_the_log_and_leaves_nothing(capfd):
    cluster = ControlPlane(apiserver_flags=["--no-such-flag"], controller_manager=False)
    with pytest.raises(ClusterError, match="kube-apiserver ended with status"):
        cluster.start()
    assert "unknown flag: --no-such-flag" in capfd.readouterr().err
    assert cluster.folder is None and cluster.pids == {}


def test_programs_die_with_a_harness_that_is_killed():
    script = ("from controlplane import ControlPlane; import sys\n"
              "c = ControlPlane(controller_manager=False).start()\n"
              "print(*c.pids.values(), c.folder, flush=True); sys.stdin.read()")
    harness = subprocess.Popen([sys.executable, "-c", script], cwd=HERE, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with harness:
        *pids, folder = harness.stdout.readline().split()
        assert len(pids) == 2 and all(alive(p) for p in pids)
        harness.kill()
    wait_for(lambda: not any(alive(p) for p in pids), "the programs to die")

    with ControlPlane(controller_manager=False):        # tidies up after the dead
        assert not os.path.exists(folder)


def test_up_runs_until_it_is_asked_to_stop(tmp_path):
    kept = tmp_path / "kept"
    with subprocess.Popen([HERE / "up", "--no-controller-manager", "--keep", kept],
                          stdout=subprocess.PIPE, text=True) as up:
        lines = [up.stdout.readline() for _ in range(3)]
        exports = "".join(lines[1:])
        shown = subprocess.run(["bash", "-c", f"{exports} kubectl version -o json"],
                               capture_output=True, text=True, check=True)
        assert '"serverVersion"' in shown.stdout
        up.terminate()
    assert up.returncode == 0
    assert (kept / "audit.log").stat().st_size > 0
