#include "common/release/signing.hpp"

#include "common/release/signing_records.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace swarmout {

using namespace signing;

namespace {

constexpr std::size_t kNameSize = 2 * kKeyId;
/// A directory that is being changed may lose a file between the list and the look: it is read again.
constexpr int kListings = 5;

std::string key_name(const KeyIdBytes& id) {
  std::string name;
  for (auto byte = id.rbegin(); byte != id.rend(); ++byte) {  // minisign prints it little-endian
    name += fmt::format("{:02X}", *byte);
  }
  return name;
}

/// What a signature says of itself; nothing of it is verified.
struct Minisig {
  KeyIdBytes id{};
  SignatureBytes bare{};
  SignatureBytes global{};  ///< over `bare` and the comment
  std::string_view comment;
};

Result<Minisig> parse_minisig(std::string_view text) {
  start_sodium();
  const auto lines = lines_of(text);
  REFUSE_UNLESS(lines.size() == 4 && lines[0].starts_with(kComment) && lines[2].starts_with(kTrusted),
                "not a minisign signature");
  TRY_ASSIGN(const Raw record, from_base64(lines[1], kSignatureRecord, "the signature"));
  TRY_ASSIGN(const Raw global, from_base64(lines[3], crypto_sign_BYTES, "the signature"));
  REFUSE_UNLESS(record.view().starts_with("ED"), "the signature is not a prehashed one");
  Minisig parsed;
  std::memcpy(parsed.id.data(), record.data() + kAlgorithm, parsed.id.size());
  std::memcpy(parsed.bare.data(), record.data() + kAlgorithm + kKeyId, parsed.bare.size());
  std::memcpy(parsed.global.data(), global.data(), parsed.global.size());
  parsed.comment = lines[2].substr(kTrusted.size());
  return parsed;
}

struct SignedLine {
  KeyIdBytes id{};
  SignatureBytes bare{};
};

std::optional<KeyIdBytes> id_from(std::string_view name) {
  KeyIdBytes id{};
  std::size_t got = 0;
  const bool upper = std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'f'; });
  if (name.size() != kNameSize || !upper ||
      sodium_hex2bin(id.data(), id.size(), name.data(), name.size(), nullptr, &got, nullptr) != 0 || got != id.size()) {
    return std::nullopt;
  }
  std::reverse(id.begin(), id.end());
  return id;
}

Result<SignedLine> parse_line(std::string_view line) {
  start_sodium();
  const auto id = id_from(line.substr(0, kNameSize));
  REFUSE_UNLESS(id && line.size() > kNameSize && line[kNameSize] == ' ', "not a signature of swarmout");
  TRY_ASSIGN(const Raw bare, from_base64(line.substr(kNameSize + 1), crypto_sign_BYTES, "the signature"));
  SignedLine parsed{*id, {}};
  std::memcpy(parsed.bare.data(), bare.data(), parsed.bare.size());
  return parsed;
}

std::string whole_of(const SignatureBytes& bare, std::string_view comment) {
  std::string whole(reinterpret_cast<const char*>(bare.data()), bare.size());
  return whole.append(comment);
}

Result<std::vector<std::string>> public_key_files(const Path& directory) {
  auto names = list_directory(directory);
  if (!names && names.error().code == ErrorCode::not_found) {
    return std::vector<std::string>();
  }
  TRY(names);
  std::erase_if(*names,
                [](const std::string& name) { return !name.ends_with(kPublicKeyEnding) || name.starts_with('.'); });
  return names;
}

}  // namespace

Result<VerifyKey> VerifyKey::parse(std::string_view base64, std::string_view file) {
  start_sodium();
  TRY_ASSIGN(const Raw record, from_base64(base64, kPublicRecord, file));
  REFUSE_UNLESS(record.view().starts_with("Ed"), fmt::format("{} is not an Ed25519 public key", file));
  VerifyKey key;
  std::memcpy(key.id_.data(), record.data() + kAlgorithm, kKeyId);
  std::memcpy(key.key_.data(), record.data() + kAlgorithm + kKeyId, key.key_.size());
  return key;
}

Result<VerifyKey> VerifyKey::load(const Path& file) {
  TRY_ASSIGN(const std::string text, read_file(file, kMaxKeyFile));
  const auto lines = lines_of(text);
  REFUSE_UNLESS(lines.size() >= 2 && lines[0].starts_with(kComment),
                fmt::format("{} is not a minisign key file", file.native()));
  return parse(lines[1], file.native());
}

std::string VerifyKey::file_text() const {
  std::string open = "Ed";
  open.append(reinterpret_cast<const char*>(id_.data()), id_.size());
  open.append(reinterpret_cast<const char*>(key_.data()), key_.size());
  return fmt::format("{}minisign public key {}\n{}\n", kComment, id(), to_base64(open));
}

std::string VerifyKey::id() const {
  return key_name(id_);
}

bool VerifyKey::matches(std::string_view bytes, const SignatureBytes& bare) const {
  start_sodium();
  return crypto_sign_verify_detached(bare.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                                     key_.data()) == 0;
}

Result<void> VerifyKey::verify(std::string_view text, std::string_view signature) const {
  return TrustedKeys(*this).verify(text, signature);
}

Result<TrustedKeys> TrustedKeys::load(const Path& directory) {
  for (int listing = 1;; ++listing) {
    auto loaded = load_once(directory);
    const bool vanished = !loaded && loaded.error().code == ErrorCode::not_found;
    if (!vanished || listing == kListings) {
      return loaded;
    }
  }
}

Result<TrustedKeys> TrustedKeys::load_once(const Path& directory) {
  TRY_ASSIGN(const auto names, public_key_files(directory));
  if (names.empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no public key in {}: no file {}", directory.native(), kPublicKeyFile),
                "put the fleet's into the image; `swarmout init` makes the first one");
  }
  REFUSE_UNLESS(names.size() <= kMaxTrustedKeys,
                fmt::format("{} has {} public keys, more than {}", directory.native(), names.size(), kMaxTrustedKeys));
  TrustedKeys trusted;
  trusted.directory_ = directory;
  for (const std::string& name : names) {
    Entry entry{{}, directory / name};
    TRY_ASSIGN(entry.key, VerifyKey::load(entry.file));
    const auto same = std::find_if(trusted.entries_.begin(), trusted.entries_.end(),
                                   [&](const Entry& other) { return other.key.id_bytes() == entry.key.id_bytes(); });
    if (same == trusted.entries_.end()) {
      trusted.entries_.push_back(std::move(entry));
      continue;
    }
    REFUSE_UNLESS(same->key == entry.key, fmt::format("{} and {} have the id {} and are two keys", same->file.native(),
                                                      entry.file.native(), entry.key.id()));
  }
  return trusted;
}

const VerifyKey* TrustedKeys::find(std::string_view id) const {
  const auto bytes = id_from(id);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& each) { return bytes && each.key.id_bytes() == *bytes; });
  return found == entries_.end() ? nullptr : &found->key;
}

std::string TrustedKeys::names() const {
  if (entries_.empty()) {
    return "no key";
  }
  std::string text = entries_.size() == 1 ? "key " : "keys ";
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == entries_.size() ? " and " : ", ") + entries_[i].key.id();
  }
  return text;
}

bool TrustedKeys::same_as(const TrustedKeys& other) const {
  return entries_.size() == other.entries_.size() &&
         std::all_of(entries_.begin(), entries_.end(), [&](const Entry& each) {
           const VerifyKey* const there = other.find(each.key.id());
           return there != nullptr && *there == each.key;
         });
}

Result<const VerifyKey*> TrustedKeys::choose(const KeyIdBytes& id) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.key.id_bytes() == id; });
  if (found != entries_.end()) {
    return &found->key;
  }
  return fail(ErrorCode::refused, fmt::format("signed with key {}, but this host trusts {}", key_name(id), names()),
              fmt::format("if that is this fleet's new key, put its public half into {}; else find out who signed this",
                          directory_.empty() ? "the image" : directory_.native()));
}

Result<void> TrustedKeys::verify(std::string_view text, std::string_view signature) const {
  TRY_ASSIGN(const Minisig parsed, parse_minisig(signature));
  TRY_ASSIGN(const VerifyKey* const key, choose(parsed.id));
  REFUSE_UNLESS(key->matches(prehash(text), parsed.bare), "the signature does not match");
  REFUSE_UNLESS(key->matches(whole_of(parsed.bare, parsed.comment), parsed.global),
                "the signature's comment does not match");
  return {};
}

Result<void> TrustedKeys::verify_line(std::string_view text, std::string_view line) const {
  TRY_ASSIGN(const SignedLine parsed, parse_line(line));
  TRY_ASSIGN(const VerifyKey* const key, choose(parsed.id));
  REFUSE_UNLESS(key->matches(text, parsed.bare), "the signature does not match");
  return {};
}

std::string signed_with(std::string_view signature) {
  if (const auto line = parse_line(signature)) {
    return key_name(line->id);
  }
  const auto minisig = parse_minisig(signature);
  return minisig ? key_name(minisig->id) : std::string();
}

Result<std::string> Signer::sign(std::string_view text, std::string_view comment) const {
  INVARIANT(comment.find('\n') == std::string_view::npos);
  TRY_ASSIGN(const SignatureBytes bare, sign_bytes(prehash(text)));
  TRY_ASSIGN(const SignatureBytes global, sign_bytes(whole_of(bare, comment)));
  std::string record = "ED";
  record.append(reinterpret_cast<const char*>(open_.id_bytes().data()), kKeyId);
  return fmt::format("{}signature from swarmout\n{}\n{}{}\n{}\n", kComment,
                     to_base64(whole_of(bare, "").insert(0, record)), kTrusted, comment,
                     to_base64(whole_of(global, "")));
}

Result<std::string> Signer::sign_line(std::string_view text) const {
  TRY_ASSIGN(const SignatureBytes bare, sign_bytes(text));
  return fmt::format("{} {}", open_.id(), to_base64(whole_of(bare, "")));
}

}  // namespace swarmout
