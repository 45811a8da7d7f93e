/*
 * libraries.c -- the libraries of the io layer.
 */
#include "base/libraries.h"

#include <curl/curl.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <uv.h>

static const char *curl_text(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

static const char *http2_text(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    return info->age >= CURLVERSION_SEVENTH && info->nghttp2_version
               ? info->nghttp2_version
               : "none";
}

static const char *openssl_text(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

const struct library io_libraries[] = {
    {"libcurl", curl_text},
    {"nghttp2", http2_text},
    {"libuv", uv_version_string},
    {"OpenSSL", openssl_text},
    {"libmicrohttpd", MHD_get_version},
    {0},
};
