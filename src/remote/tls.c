/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom to trust: the system's authorities as its OpenSSL is set up (SSL_CERT_FILE and SSL_CERT_DIR
 * override them, as for Go's programs), and what the engine passed for one registry.  The store is
 * made once for each registry and shared by its connections.
 *
 * When a certificate doesn't verify we keep it, to say why in the words of Go's crypto/x509.
 */
#include "remote/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"

enum { PEM_MAX = 1 << 20, NAMES_MAX = 200 };

/* Who we are. */
struct identity {
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

struct trust {
	X509_STORE *store; /* NULL: nothing is verified */
	struct identity clients[REMOTE_FDS_MAX / 2];
	size_t clients_len;
};

void trust_free(struct trust *t)
{
	if (!t)
		return;
	X509_STORE_free(t->store);
	for (size_t i = 0; i < t->clients_len; i++) {
		X509_free(t->clients[i].certificate);
		sk_X509_pop_free(t->clients[i].chain, X509_free);
		EVP_PKEY_free(t->clients[i].key);
	}
	free(t);
}

static int pem_open(int fd, const char *what, char **ret_text, BIO **ret, struct err *e)
{
	size_t len;
	int r = file_read_fd(fd, what, PEM_MAX, ret_text, &len, e);

	if (r < 0)
		return r;
	*ret = BIO_new_mem_buf(*ret_text, len);
	return *ret ? 0 : err_set(e, ERR_SYSTEM, "no memory for %s", what);
}

static int add_authorities(struct trust *t, int fd, struct err *e)
{
	auto_free char *text = NULL;
	BIO *in = NULL;
	X509 *one;
	int n = 0;
	int r = pem_open(fd, "certificate of an authority", &text, &in, e);

	if (r < 0)
		return r;
	for (; (one = PEM_read_bio_X509_AUX(in, NULL, NULL, NULL)); n++) {
		if (t->store)
			X509_STORE_add_cert(t->store, one);
		X509_free(one);
	}
	ERR_clear_error();
	BIO_free(in);
	return n > 0 ? 0 : err_set(e, ERR_INVALID, "no certificate in a file of authorities");
}

static int read_client(struct identity *t, int cert_fd, int key_fd, struct err *e)
{
	auto_free char *cert_text = NULL;
	auto_free char *key_text = NULL;
	BIO *in = NULL;
	X509 *one;
	int r = pem_open(cert_fd, "client certificate", &cert_text, &in, e);

	if (r < 0)
		return r;
	t->certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
	t->chain = sk_X509_new_null();
	while (t->certificate && (one = PEM_read_bio_X509(in, NULL, NULL, NULL)))
		sk_X509_push(t->chain, one);
	BIO_free(in);

	r = pem_open(key_fd, "client key", &key_text, &in, e);
	if (r < 0)
		return r;
	/* The empty password: never ask a terminal for one. */
	t->key = PEM_read_bio_PrivateKey(in, NULL, NULL, (char *)"");
	BIO_free(in);
	OPENSSL_cleanse(key_text, strlen(key_text));
	ERR_clear_error();
	if (!t->certificate || !t->key)
		return err_set(e, ERR_INVALID, "%s isn't PEM",
			       t->certificate ? "client key" : "client certificate");
	return 0;
}

int trust_new(const struct remote_request *q, const int *fds, struct trust **ret, struct err *e)
{
	struct trust *t = calloc(1, sizeof(*t));
	int r = 0;

	if (!t)
		return err_set(e, ERR_SYSTEM, "no memory for certificates");
	if (!q->unverified) {
		t->store = X509_STORE_new();
		if (t->store)
			X509_STORE_set_default_paths(t->store);
		ERR_clear_error();
	}
	for (uint64_t i = 0; i < q->authorities && r == 0; i++)
		r = add_authorities(t, fds[i], e);
	for (fds += q->authorities; t->clients_len < q->clients && r == 0; fds += 2)
		r = read_client(&t->clients[t->clients_len++], fds[0], fds[1], e);
	if (r < 0) {
		trust_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

static int exchange_index(void)
{
	static int index = -1; /* OpenSSL hands it out once for the process */

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

/* Only listens: what OpenSSL found stays. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct exchange *x = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), exchange_index());

	if (!ok && x->verify_error == X509_V_OK)
		x->verify_error = X509_STORE_CTX_get_error(store);
	if (!x->leaf) {
		x->leaf = X509_STORE_CTX_get0_cert(store);
		if (x->leaf)
			X509_up_ref(x->leaf);
	}
	return ok;
}

static bool issued_by_one(const X509 *certificate, const STACK_OF(X509_NAME) * names)
{
	for (int i = 0; i < sk_X509_NAME_num(names); i++)
		if (X509_NAME_cmp(X509_get_issuer_name(certificate),
				  sk_X509_NAME_value(names, i)) == 0)
			return true;
	return false;
}

/* Whether one of the authorities that the server named has issued it; without names any is fine. */
static bool is_wanted(const struct identity *id, const STACK_OF(X509_NAME) * names)
{
	if (sk_X509_NAME_num(names) <= 0 || issued_by_one(id->certificate, names))
		return true;
	for (int i = 0; i < sk_X509_num(id->chain); i++)
		if (issued_by_one(sk_X509_value(id->chain, i), names))
			return true;
	return false;
}

/* The server asks who we are. */
static int on_client(SSL *ssl, void *arg)
{
	const struct trust *t = arg;
	const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);

	for (size_t i = 0; i < t->clients_len; i++) {
		const struct identity *id = &t->clients[i];

		if (is_wanted(id, names))
			return SSL_use_cert_and_key(ssl, id->certificate, id->key, id->chain, 1);
	}
	return 1;
}

static CURLcode on_context(CURL *easy, void *context, void *arg)
{
	struct exchange *x = arg;
	const struct trust *t = x->request.server->trust;
	SSL_CTX *c = context;

	if (t->store) {
		SSL_CTX_set1_cert_store(c, t->store);
		SSL_CTX_set_ex_data(c, exchange_index(), x);
		SSL_CTX_set_verify(c, SSL_VERIFY_PEER, on_verify);
	}
	/* Our certificate is for this registry, not for where it sends us. */
	if (t->clients_len > 0 && server_is_at(x->request.server, &x->request.url))
		SSL_CTX_set_cert_cb(c, on_client, (void *)(uintptr_t)t);
	return CURLE_OK;
}

void trust_apply(struct exchange *x)
{
	bool verified = x->request.server->trust->store;

	curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYPEER, verified ? 1L : 0L);
	curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYHOST, verified ? 2L : 0L);
	curl_easy_setopt(x->easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(x->easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_DATA, x);
}

static void print_time(struct buf *out, time_t when)
{
	struct tm tm;
	char text[32];

	gmtime_r(&when, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_adds(out, text);
}

static void explain_time(const struct exchange *x, const ASN1_TIME *limit, const char *relation,
			 struct buf *out)
{
	struct tm tm = { 0 };

	buf_adds(out, "x509: certificate has expired or is not yet valid: current time ");
	print_time(out, time(NULL));
	if (limit && ASN1_TIME_to_tm(limit, &tm) == 1) {
		buf_addf(out, " is %s ", relation);
		print_time(out, timegm(&tm));
	}
}

/* Appends the names of the kind that the certificate is good for; how many. */
static int print_names(const X509 *leaf, bool addresses, struct buf *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int n = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && out->len < NAMES_MAX; i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);
		char text[INET6_ADDRSTRLEN];

		if (!addresses && one->type == GEN_DNS) {
			const ASN1_STRING *s = one->d.dNSName;

			buf_adds(out, n++ ? ", " : "");
			buf_add(out, ASN1_STRING_get0_data(s),
				strnlen((const char *)ASN1_STRING_get0_data(s),
					ASN1_STRING_length(s)));
		} else if (addresses && one->type == GEN_IPADD) {
			const ASN1_STRING *s = one->d.iPAddress;
			int family = ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6;

			if (ASN1_STRING_length(s) != 4 && ASN1_STRING_length(s) != 16)
				continue;
			buf_adds(out, n++ ? ", " : "");
			buf_adds(out,
				 inet_ntop(family, ASN1_STRING_get0_data(s), text, sizeof(text)));
		}
	}
	GENERAL_NAMES_free(names);
	return n;
}

static bool is_address(const char *host)
{
	unsigned char any[16];

	return inet_pton(AF_INET, host, any) == 1 || inet_pton(AF_INET6, host, any) == 1;
}

static void explain_name(const struct exchange *x, struct buf *out)
{
	auto_buf names = BUF(1024);
	const char *host = x->request.url.host;
	bool address = is_address(host);
	int n = x->leaf ? print_names(x->leaf, address, &names) : 0;

	if (n > 0)
		buf_addf(out, "x509: certificate is valid for %s, not %s", buf_text(&names), host);
	else if (address)
		buf_addf(out,
			 "x509: cannot validate certificate for %s because it doesn't contain any "
			 "IP SANs",
			 host);
	else
		buf_addf(out,
			 "x509: certificate is not valid for any names, but wanted to match %s",
			 host);
}

void trust_explain(const struct exchange *x, struct buf *out)
{
	buf_adds(out, "tls: failed to verify certificate: ");
	switch (x->verify_error) {
	case X509_V_OK:
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		explain_name(x, out);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		buf_adds(out, "x509: certificate signed by unknown authority");
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		explain_time(x, x->leaf ? X509_get0_notAfter(x->leaf) : NULL, "after", out);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		explain_time(x, x->leaf ? X509_get0_notBefore(x->leaf) : NULL, "before", out);
		break;
	default:
		buf_addf(out, "x509: %s", X509_verify_cert_error_string(x->verify_error));
	}
}
