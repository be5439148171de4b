/* Verifies SM2 signatures with OpenSSL: records of a key (65 octets), a digest (32), a length and a DER signature on standard
 * input; an octet '1' or '0' each on standard output. Declares the few functions that it needs, so that no headers need be
 * installed: cc -O2 sm2_verify.c -l:libcrypto.so.3 */
#include <stdio.h>
#include <string.h>

typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;
EVP_PKEY *d2i_PUBKEY(EVP_PKEY **out, const unsigned char **in, long length);
EVP_PKEY_CTX *EVP_PKEY_CTX_new(EVP_PKEY *key, void *engine);
int EVP_PKEY_verify_init(EVP_PKEY_CTX *context);
int EVP_PKEY_verify(EVP_PKEY_CTX *context, const unsigned char *signature, size_t signature_length,
                    const unsigned char *digest, size_t digest_length);
void EVP_PKEY_CTX_free(EVP_PKEY_CTX *context);
void EVP_PKEY_free(EVP_PKEY *key);
void ERR_clear_error(void);

/* SubjectPublicKeyInfo of a key on the curve 1.2.156.10197.1.301, up to its point. */
static const unsigned char PREFIX[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                       0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00};

static EVP_PKEY *read_key(const unsigned char *point) {
    unsigned char spki[sizeof PREFIX + 65];
    const unsigned char *at = spki;
    memcpy(spki, PREFIX, sizeof PREFIX);
    memcpy(spki + sizeof PREFIX, point, 65);
    return d2i_PUBKEY(NULL, &at, sizeof spki);
}

int main(void) {
    unsigned char record[65 + 32 + 1], signature[255], last[65] = {0};
    EVP_PKEY *key = NULL;
    while (fread(record, 1, sizeof record, stdin) == sizeof record) {
        size_t length = record[97];
        if (fread(signature, 1, length, stdin) != length) {
            return 1;
        }
        if (memcmp(last, record, 65) != 0) {
            EVP_PKEY_free(key);
            key = read_key(record);
            memcpy(last, record, 65);
        }
        EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
        int good = context != NULL && EVP_PKEY_verify_init(context) == 1
                   && EVP_PKEY_verify(context, signature, length, record + 65, 32) == 1;
        EVP_PKEY_CTX_free(context);
        ERR_clear_error();
        putchar(good ? '1' : '0');
    }
    return 0;
}
