/*
 * core_diff.h -- a Website and its three children as an API server 1.36 keeps
 *                them, with the managedFields of their operator, and what the
 *                operator declares: data of core_diff.c.
 */
#ifndef TIDELOCK_TESTS_BENCH_CORE_DIFF_H
#define TIDELOCK_TESTS_BENCH_CORE_DIFF_H

static const char root_json[] =
    "{\"apiVersion\":\"example.com/v1\",\"kind\":\"Website\",\"metadata\":{\""
    "creationTimestamp\":\"2026-01-02T09:55:30Z\",\"generation\":1,\"managedF"
    "ields\":[{\"apiVersion\":\"example.com/v1\",\"fieldsType\":\"FieldsV1\","
    "\"fieldsV1\":{\"f:status\":{\"f:conditions\":{\"k:{\\\"type\\\":\\\"Read"
    "y\\\"}\":{\".\":{},\"f:lastTransitionTime\":{},\"f:message\":{},\"f:obse"
    "rvedGeneration\":{},\"f:reason\":{},\"f:status\":{},\"f:type\":{}}},\"f:"
    "observedGeneration\":{},\"f:url\":{}}},\"manager\":\"tidelock-web\",\"op"
    "eration\":\"Apply\",\"subresource\":\"status\",\"time\":\"2026-01-02T09:"
    "55:30Z\"}],\"name\":\"blog\",\"namespace\":\"default\",\"resourceVersion"
    "\":\"1252\",\"uid\":\"fce671e0-719a-4a93-816a-7d0457759de5\"},\"spec\":{"
    "},\"status\":{\"conditions\":[{\"lastTransitionTime\":\"2026-01-02T03:04"
    ":05Z\",\"message\":\"fine\",\"observedGeneration\":1,\"reason\":\"Ok\","
    "\"status\":\"True\",\"type\":\"Ready\"}],\"observedGeneration\":1,\"url"
    "\":\"http://blog.example.com\"}}";

static const char declared_deployment[] =
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name"
    "\":\"blog\",\"labels\":{\"app\":\"blog\",\"tier\":\"web\"}},\"spec\":{\""
    "replicas\":3,\"selector\":{\"matchLabels\":{\"app\":\"blog\"}},\"templat"
    "e\":{\"metadata\":{\"labels\":{\"app\":\"blog\"}},\"spec\":{\"containers"
    "\":[{\"name\":\"web\",\"image\":\"nginx:1.27\",\"ports\":[{\"containerPo"
    "rt\":80}],\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"va"
    "lue\":\"2\"}],\"resources\":{\"requests\":{\"cpu\":\"0.1\",\"memory\":\""
    "64Mi\"}},\"volumeMounts\":[{\"name\":\"content\",\"mountPath\":\"/usr/sh"
    "are/nginx/html\"}]}],\"volumes\":[{\"name\":\"content\",\"configMap\":{"
    "\"name\":\"blog\"}}]}}}}";

static const char live_deployment[] =
    "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name"
    "\":\"blog\",\"namespace\":\"default\",\"uid\":\"43f68024-027c-43a1-8b36-"
    "6d3c31b7a944\",\"resourceVersion\":\"1248\",\"generation\":1,\"creationT"
    "imestamp\":\"2026-01-02T09:55:30Z\",\"labels\":{\"app\":\"blog\",\"app.k"
    "ubernetes.io/managed-by\":\"tidelock\",\"tidelock.dev/operator\":\"web\""
    ",\"tier\":\"web\"},\"annotations\":{\"tidelock.dev/applied\":\"e2dd16423"
    "252c94e3240f1be22bc1fa6d8bc3a376616da9630206bd049e6eb2e\"},\"ownerRefere"
    "nces\":[{\"apiVersion\":\"example.com/v1\",\"kind\":\"Website\",\"name\""
    ":\"blog\",\"uid\":\"fce671e0-719a-4a93-816a-7d0457759de5\",\"controller"
    "\":true,\"blockOwnerDeletion\":true}],\"managedFields\":[{\"manager\":\""
    "tidelock-web\",\"operation\":\"Apply\",\"apiVersion\":\"apps/v1\",\"time"
    "\":\"2026-01-02T09:55:30Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\""
    "f:metadata\":{\"f:annotations\":{\"f:tidelock.dev/applied\":{}},\"f:labe"
    "ls\":{\"f:app\":{},\"f:app.kubernetes.io/managed-by\":{},\"f:tidelock.de"
    "v/operator\":{},\"f:tier\":{}},\"f:ownerReferences\":{\"k:{\\\"uid\\\":"
    "\\\"fce671e0-719a-4a93-816a-7d0457759de5\\\"}\":{}}},\"f:spec\":{\"f:rep"
    "licas\":{},\"f:selector\":{},\"f:template\":{\"f:metadata\":{\"f:labels"
    "\":{\"f:app\":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"w"
    "eb\\\"}\":{\".\":{},\"f:env\":{\"k:{\\\"name\\\":\\\"A\\\"}\":{\".\":{},"
    "\"f:name\":{},\"f:value\":{}},\"k:{\\\"name\\\":\\\"B\\\"}\":{\".\":{},"
    "\"f:name\":{},\"f:value\":{}}},\"f:image\":{},\"f:name\":{},\"f:ports\":"
    "{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{}"
    ",\"f:containerPort\":{}}},\"f:resources\":{\"f:requests\":{\"f:cpu\":{},"
    "\"f:memory\":{}}},\"f:volumeMounts\":{\"k:{\\\"mountPath\\\":\\\"/usr/sh"
    "are/nginx/html\\\"}\":{\".\":{},\"f:mountPath\":{},\"f:name\":{}}}}},\"f"
    ":volumes\":{\"k:{\\\"name\\\":\\\"content\\\"}\":{\".\":{},\"f:configMap"
    "\":{\"f:name\":{}},\"f:name\":{}}}}}}}}]},\"spec\":{\"replicas\":3,\"sel"
    "ector\":{\"matchLabels\":{\"app\":\"blog\"}},\"template\":{\"metadata\":"
    "{\"labels\":{\"app\":\"blog\"}},\"spec\":{\"volumes\":[{\"name\":\"conte"
    "nt\",\"configMap\":{\"name\":\"blog\",\"defaultMode\":420}}],\"container"
    "s\":[{\"name\":\"web\",\"image\":\"nginx:1.27\",\"ports\":[{\"containerP"
    "ort\":80,\"protocol\":\"TCP\"}],\"env\":[{\"name\":\"A\",\"value\":\"1\""
    "},{\"name\":\"B\",\"value\":\"2\"}],\"resources\":{\"requests\":{\"cpu\""
    ":\"100m\",\"memory\":\"64Mi\"}},\"volumeMounts\":[{\"name\":\"content\","
    "\"mountPath\":\"/usr/share/nginx/html\"}],\"terminationMessagePath\":\"/"
    "dev/termination-log\",\"terminationMessagePolicy\":\"File\",\"imagePullP"
    "olicy\":\"IfNotPresent\"}],\"restartPolicy\":\"Always\",\"terminationGra"
    "cePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\",\"securityContext\":"
    "{},\"schedulerName\":\"default-scheduler\"}},\"strategy\":{\"type\":\"Ro"
    "llingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":\"25%\",\"maxSurge\""
    ":\"25%\"}},\"revisionHistoryLimit\":10,\"progressDeadlineSeconds\":600},"
    "\"status\":{}}";

static const char declared_service[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"blo"
    "g\",\"labels\":{\"app\":\"blog\",\"tier\":\"web\"}},\"spec\":{\"selector"
    "\":{\"app\":\"blog\"},\"ports\":[{\"name\":\"http\",\"port\":80,\"target"
    "Port\":80}]}}";

static const char live_service[] =
    "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"blo"
    "g\",\"namespace\":\"default\",\"uid\":\"4db8a9e8-d0c2-42a3-a1f0-d5a0d96d"
    "5e98\",\"resourceVersion\":\"1250\",\"creationTimestamp\":\"2026-01-02T0"
    "9:55:30Z\",\"labels\":{\"app\":\"blog\",\"app.kubernetes.io/managed-by\""
    ":\"tidelock\",\"tidelock.dev/operator\":\"web\",\"tier\":\"web\"},\"anno"
    "tations\":{\"tidelock.dev/applied\":\"f41e689b8118e02211916fa8322eb63ef4"
    "c679d76d89b62eb82fb563e285be21\"},\"ownerReferences\":[{\"apiVersion\":"
    "\"example.com/v1\",\"kind\":\"Website\",\"name\":\"blog\",\"uid\":\"fce6"
    "71e0-719a-4a93-816a-7d0457759de5\",\"controller\":true,\"blockOwnerDelet"
    "ion\":true}],\"managedFields\":[{\"manager\":\"tidelock-web\",\"operatio"
    "n\":\"Apply\",\"apiVersion\":\"v1\",\"time\":\"2026-01-02T09:55:30Z\",\""
    "fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{\"f:annotations"
    "\":{\"f:tidelock.dev/applied\":{}},\"f:labels\":{\"f:app\":{},\"f:app.ku"
    "bernetes.io/managed-by\":{},\"f:tidelock.dev/operator\":{},\"f:tier\":{}"
    "},\"f:ownerReferences\":{\"k:{\\\"uid\\\":\\\"fce671e0-719a-4a93-816a-7d"
    "0457759de5\\\"}\":{}}},\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":80,\\"
    "\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:name\":{},\"f:port\":{},\"f:"
    "targetPort\":{}}},\"f:selector\":{}}}}]},\"spec\":{\"ports\":[{\"name\":"
    "\"http\",\"protocol\":\"TCP\",\"port\":80,\"targetPort\":80}],\"selector"
    "\":{\"app\":\"blog\"},\"clusterIP\":\"10.0.0.243\",\"clusterIPs\":[\"10."
    "0.0.243\"],\"type\":\"ClusterIP\",\"sessionAffinity\":\"None\",\"ipFamil"
    "ies\":[\"IPv4\"],\"ipFamilyPolicy\":\"SingleStack\",\"internalTrafficPol"
    "icy\":\"Cluster\"},\"status\":{\"loadBalancer\":{}}}";

static const char declared_config_map[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"b"
    "log\",\"labels\":{\"app\":\"blog\",\"tier\":\"web\"}},\"data\":{\"index."
    "html\":\"<h1>A moon that always shows the same face</h1>\"}}";

static const char live_config_map[] =
    "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"b"
    "log\",\"namespace\":\"default\",\"uid\":\"f09d38f3-5ff3-4053-af98-18f8b7"
    "d268a1\",\"resourceVersion\":\"1251\",\"creationTimestamp\":\"2026-01-02"
    "T09:55:30Z\",\"labels\":{\"app\":\"blog\",\"app.kubernetes.io/managed-by"
    "\":\"tidelock\",\"tidelock.dev/operator\":\"web\",\"tier\":\"web\"},\"an"
    "notations\":{\"tidelock.dev/applied\":\"d24f5e97790bfae0b7c243febc1f9d6d"
    "1ebca2946cef48894b8d500b41a48e38\"},\"ownerReferences\":[{\"apiVersion\""
    ":\"example.com/v1\",\"kind\":\"Website\",\"name\":\"blog\",\"uid\":\"fce"
    "671e0-719a-4a93-816a-7d0457759de5\",\"controller\":true,\"blockOwnerDele"
    "tion\":true}],\"managedFields\":[{\"manager\":\"tidelock-web\",\"operati"
    "on\":\"Apply\",\"apiVersion\":\"v1\",\"time\":\"2026-01-02T09:55:30Z\","
    "\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:data\":{\"f:index.html\":{"
    "}},\"f:metadata\":{\"f:annotations\":{\"f:tidelock.dev/applied\":{}},\"f"
    ":labels\":{\"f:app\":{},\"f:app.kubernetes.io/managed-by\":{},\"f:tidelo"
    "ck.dev/operator\":{},\"f:tier\":{}},\"f:ownerReferences\":{\"k:{\\\"uid"
    "\\\":\\\"fce671e0-719a-4a93-816a-7d0457759de5\\\"}\":{}}}}}]},\"data\":{"
    "\"index.html\":\"<h1>A moon that always shows the same face</h1>\"}}";

#endif
