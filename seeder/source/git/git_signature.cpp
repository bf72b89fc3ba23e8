#include "seeder/source/git/git_signature.hpp"

#include "common/base/key_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace swarmout {

namespace {

constexpr std::string_view kArmor = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kArmorEnd = "-----END PGP SIGNATURE-----";
/// That git knows of.
constexpr std::array kOtherArmors = {std::string_view("-----BEGIN SSH SIGNATURE-----"),
                                     std::string_view("-----BEGIN SIGNED MESSAGE-----"),
                                     std::string_view("-----BEGIN PGP MESSAGE-----")};
constexpr std::string_view kStatus = "[GNUPG:] ";

/// With its newline.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
  rest.remove_prefix(line.size());
  return line;
}

Result<SignedBytes> openpgp(SignedBytes found) {
  for (const std::string_view other : kOtherArmors) {
    REFUSE_UNLESS(!found.signature.starts_with(other),
                  "it is signed, but not with an OpenPGP key; ssh and X.509 signatures are not checked");
  }
  const bool armored = found.signature.starts_with(kArmor) && found.signature.find(kArmorEnd) != std::string::npos &&
                       found.signature.find("-----BEGIN", 1) == std::string::npos;
  REFUSE_UNLESS(armored, "its signature is damaged");
  return found;
}

std::string_view word(std::string_view& rest) {
  const std::string_view taken = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(taken.size() + 1, rest.size()));
  return taken;
}

/// Said of a good signature; anything else makes it a bad one.
bool is_harmless(std::string_view keyword) {
  static constexpr std::array kHarmless = {
      std::string_view("NEWSIG"),         std::string_view("KEY_CONSIDERED"),
      std::string_view("SIG_ID"),         std::string_view("GOODSIG"),
      std::string_view("VALIDSIG"),       std::string_view("VERIFICATION_COMPLIANCE_MODE"),
      std::string_view("KEYEXPIRED"),     std::string_view("NOTATION_NAME"),
      std::string_view("NOTATION_FLAGS"), std::string_view("NOTATION_DATA"),
      std::string_view("POLICY_URL"),     std::string_view("SIG_SUBPACKET")};
  return std::find(kHarmless.begin(), kHarmless.end(), keyword) != kHarmless.end();
}

/// The reason that a person can do something about.
std::string why_not(const std::map<std::string, std::string, std::less<>>& said) {
  static constexpr std::array kReasons = {std::pair("NO_PUBKEY", "no key of the keyring signed it, but key {}"),
                                          std::pair("BADSIG", "its signature is not over these bytes: key {}"),
                                          std::pair("REVKEYSIG", "the key that signed it was revoked: {}"),
                                          std::pair("EXPKEYSIG", "the key that signed it has expired: {}"),
                                          std::pair("EXPSIG", "its signature has expired: key {}"),
                                          std::pair("ERRSIG", "its signature cannot be checked: key {}")};
  for (const auto& [keyword, text] : kReasons) {
    if (const auto found = said.find(keyword); found != said.end()) {
      return fmt::format(fmt::runtime(text), printable(found->second));
    }
  }
  return "gpgv finds no good signature";
}

}  // namespace

Result<SignedBytes> signed_commit(std::string_view raw, bool sha256_hashes) {
  const std::string_view header = sha256_hashes ? "gpgsig-sha256 " : "gpgsig ";
  SignedBytes found;
  bool within = false;
  while (!raw.empty()) {
    const std::string_view line = take_line(raw);
    if (within && line.starts_with(' ')) {
      found.signature += line.substr(1);
      continue;
    }
    within = false;
    if (line.starts_with(header)) {
      REFUSE_UNLESS(found.signature.empty(), "it has more than one signature");
      found.signature = line.substr(header.size());
      within = true;
      continue;
    }
    REFUSE_UNLESS(!line.starts_with("gpgsig"), "it has a signature for the other kind of hashes, too");
    found.payload += line;
    if (line == "\n") {  // the message
      found.payload += raw;
      break;
    }
  }
  REFUSE_UNLESS(!found.signature.empty(), "it is not signed");
  return openpgp(std::move(found));
}

Result<SignedBytes> signed_tag(std::string_view raw) {
  // As git has it: the last line that begins a signature.
  std::optional<std::size_t> begin;
  std::string_view rest = raw;
  bool message = false;
  while (!rest.empty()) {
    const std::size_t at = raw.size() - rest.size();
    const std::string_view line = take_line(rest);
    REFUSE_UNLESS(message || !line.starts_with("gpgsig"), "it has a signature for the other kind of hashes");
    message = message || line == "\n";
    const bool begins = line.starts_with(kArmor) || std::any_of(kOtherArmors.begin(), kOtherArmors.end(),
                                                                [&](auto each) { return line.starts_with(each); });
    if (message && begins) {
      begin = at;
    }
  }
  REFUSE_UNLESS(begin, "it is not signed");
  return openpgp({std::string(raw.substr(0, *begin)), std::string(raw.substr(*begin))});
}

Result<TagFacts> facts_of_tag(std::string_view raw) {
  const auto value = [&](std::string_view key) -> Result<std::string> {
    std::string_view line = take_line(raw);
    REFUSE_UNLESS(line.starts_with(key) && line.ends_with('\n'), "it is no tag that git makes");
    line.remove_prefix(key.size());
    line.remove_suffix(1);
    return std::string(line);
  };
  TagFacts facts;
  TRY_ASSIGN(facts.object, value("object "));
  TRY_ASSIGN(facts.type, value("type "));
  TRY_ASSIGN(facts.name, value("tag "));
  return facts;
}

Result<std::string> signer_in(std::string_view status_lines) {
  std::map<std::string, std::string, std::less<>> said;  // keyword → the rest of its line
  std::size_t signatures = 0;
  bool good = true;
  while (!status_lines.empty()) {
    std::string_view line = take_line(status_lines);
    if (!line.starts_with(kStatus)) {
      continue;
    }
    line.remove_prefix(kStatus.size());
    line = line.substr(0, line.find('\n'));
    const std::string_view keyword = word(line);
    signatures += keyword == "GOODSIG" || keyword == "VALIDSIG" ? 1 : 0;
    good = good && is_harmless(keyword) && (keyword != "NEWSIG" || !said.contains(keyword));
    said.try_emplace(std::string(keyword), line);
  }
  if (!good || signatures != 2 || !said.contains("GOODSIG") || !said.contains("VALIDSIG")) {
    return fail(ErrorCode::refused, why_not(said));
  }
  std::string_view name = said.find("GOODSIG")->second;
  word(name);  // the key's id
  std::string_view valid = said.find("VALIDSIG")->second;
  return fmt::format("key {} ({})", printable(std::string(word(valid))), printable(std::string(name)));
}

}  // namespace swarmout
