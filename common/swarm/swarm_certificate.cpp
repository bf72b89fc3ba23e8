#include "common/swarm/swarm_certificate.hpp"

#include "common/base/private_files.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

namespace swarmout {

namespace {

template <auto release>
struct Releases {
  template <typename Object>
  void operator()(Object* object) const {
    release(object);
  }
};
using Certificate = std::unique_ptr<X509, Releases<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Releases<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Releases<BIO_free_all>>;

/// The only name that libtorrent 2.0.8 takes for any torrent.
constexpr const char* kName = "*";
constexpr const char* kFirstDay = "19700101000000Z";
constexpr const char* kNoLastDay = "99991231235959Z";  // RFC 5280, 4.1.2.5
constexpr int kSerialBits = 127;

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const Memory memory(BIO_new(BIO_s_mem()));
  INVARIANT(PEM_write_bio_X509(memory.get(), certificate) == 1);
  return text_of(memory.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_secmem()));
  INVARIANT(PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(memory.get());
}

bool set_random_serial(X509* certificate) {
  std::unique_ptr<BIGNUM, Releases<BN_free>> number(BN_new());
  return BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool fill_and_sign(X509* certificate, EVP_PKEY* key) {
  X509_NAME* const name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
         ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), kFirstDay) == 1 &&
         ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), kNoLastDay) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(kName), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

tl::unexpected<Error> damaged(const Path& file, std::string_view what) {
  ERR_clear_error();
  return fail(ErrorCode::refused, fmt::format("{} {}", file.native(), what),
              "put the pair that `swarmout init` made for the fleet back, or remove both files and make a new one");
}

}  // namespace

Result<void> make_swarm_certificate(const Path& directory) {
  for (const std::string_view name : {kCertificateFile, kCertificateKeyFile}) {
    if (path_exists(directory / name)) {
      return fail(ErrorCode::usage, fmt::format("{} exists already", (directory / name).native()),
                  "both files must be there, or neither");
    }
  }
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  INVARIANT(key && certificate && fill_and_sign(certificate.get(), key.get()));
  TRY(replace_file(directory / kCertificateKeyFile, as_bytes(pem_of(key.get())), 0600));
  return replace_file(directory / kCertificateFile, as_bytes(pem_of(certificate.get())), 0644);
}

Result<SwarmCertificate> load_swarm_certificate(const Path& directory) {
  const Path certificate_file = directory / kCertificateFile;
  const Path key_file = directory / kCertificateKeyFile;
  TRY_ASSIGN(const std::string certificate_text, read_file(certificate_file, kMaxCertificate));
  TRY(check_private(key_file));
  TRY_ASSIGN(const std::string key_text, read_file(key_file, kMaxCertificate));
  const Memory certificate_bytes(BIO_new_mem_buf(certificate_text.data(), static_cast<int>(certificate_text.size())));
  const Certificate certificate(PEM_read_bio_X509(certificate_bytes.get(), nullptr, nullptr, nullptr));
  if (!certificate) {
    return damaged(certificate_file, "is no certificate");
  }
  const Memory key_bytes(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
  std::array<char, 1> no_password{};
  const Key key(PEM_read_bio_PrivateKey(key_bytes.get(), nullptr, nullptr, no_password.data()));
  if (!key) {
    return damaged(key_file, "is no private key");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return damaged(certificate_file, "and its key do not belong together");
  }
  return SwarmCertificate{pem_of(certificate.get()), pem_of(key.get())};
}

}  // namespace swarmout
