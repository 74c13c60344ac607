#pragma once

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Swift cannot call variadic functions: one typed wrapper for each kind of argument that is passed here.

typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_socket_callback)(void *context, curl_socket_t socket, curlsocktype purpose);

typedef int (*ccurl_close_callback)(void *context, curl_socket_t socket);
typedef int (*ccurl_request_callback)(
    void *context, char *remote_address, char *local_address, int remote_port, int local_port
);
typedef int (*ccurl_multi_socket_callback)(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned);
typedef int (*ccurl_multi_timer_callback)(CURLM *multi, long milliseconds, void *context);

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_set_data_callback(CURL *easy, CURLoption option, ccurl_data_callback value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_set_socket_callback(CURL *easy, ccurl_socket_callback value) {
    return (curl_easy_setopt)(easy, CURLOPT_SOCKOPTFUNCTION, value);
}

static inline CURLcode ccurl_set_close_callback(CURL *easy, ccurl_close_callback value) {
    return (curl_easy_setopt)(easy, CURLOPT_CLOSESOCKETFUNCTION, value);
}

/// Libcurl calls it each time that it is about to send the request.
static inline CURLcode ccurl_set_request_callback(CURL *easy, ccurl_request_callback value) {
    return (curl_easy_setopt)(easy, CURLOPT_PREREQFUNCTION, value);
}

static inline void *ccurl_get_private(CURL *easy) {
    char *value = NULL;
    return (curl_easy_getinfo)(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

/// Takes a copy of the body, so that the caller's bytes need not outlive the call.
static inline CURLcode ccurl_copy_body(CURL *easy, const void *bytes, size_t count) {
    CURLcode code = (curl_easy_setopt)(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code == CURLE_OK ? (curl_easy_setopt)(easy, CURLOPT_COPYPOSTFIELDS, bytes) : code;
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_socket_callback(CURLM *multi, ccurl_multi_socket_callback value, void *context) {
    CURLMcode code = (curl_multi_setopt)(multi, CURLMOPT_SOCKETDATA, context);
    return code == CURLM_OK ? (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, value) : code;
}

static inline CURLMcode ccurl_multi_set_timer_callback(CURLM *multi, ccurl_multi_timer_callback value, void *context) {
    CURLMcode code = (curl_multi_setopt)(multi, CURLMOPT_TIMERDATA, context);
    return code == CURLM_OK ? (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, value) : code;
}

static inline int ccurl_epoll_control(int epoll, int operation, int descriptor, unsigned int events) {
    struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}
