/*
 * certs.h -- throwaway certificates, made at run time with OpenSSL.
 */
#ifndef TIDELOCK_TESTS_UNIT_SUPPORT_CERTS_H
#define TIDELOCK_TESTS_UNIT_SUPPORT_CERTS_H

#include <stdbool.h>

struct cert {
    struct evp_pkey_st *key;
    struct x509_st *x509;
    char pem[2048];
    char key_pem[1024];
};

struct cert_spec {
    const char *name;          /* common name */
    const char *alt_names;     /* "DNS:a,IP:127.0.0.1", NULL for none */
    const struct cert *issuer; /* NULL: signs itself, and may sign others */
    long valid_from, valid_to; /* seconds from now; both 0: one day each */
};

/* Made once for all tests, by the first that asks. */
struct cert_kit {
    struct cert ca;       /* what a kubeconfig trusts */
    struct cert other_ca; /* what it does not */
    struct cert server;   /* 127.0.0.1 and localhost, by ca */
    struct cert named;    /* kubernetes.default.svc only, by ca */
    struct cert expired;  /* 127.0.0.1 of yesterday, by ca */
    struct cert foreign;  /* 127.0.0.1, by other_ca */
    struct cert client;   /* a user, by ca */
    struct cert stranger; /* another user, by other_ca */
};
const struct cert_kit *cert_kit(void);

#endif
