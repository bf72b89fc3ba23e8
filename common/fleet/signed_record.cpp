#include "common/fleet/signed_record.hpp"

namespace swarmout {

namespace {

constexpr std::string_view kSigned = "\nsigned ";

/// Where the last line begins; npos: it is something else.
std::size_t last_line(std::string_view record) {
  const std::size_t newline = record.rfind(kSigned);
  const bool last = newline != std::string_view::npos && record.find('\n', newline + 1) == record.size() - 1;
  return last ? newline + 1 : std::string_view::npos;
}

}  // namespace

Result<std::string> signed_record(std::string text, const Signer& signer) {
  TRY_ASSIGN(const std::string line, signer.sign_line(text));
  return text + std::string(kSigned.substr(1)) + line + '\n';
}

Result<std::string_view> text_of_record(std::string_view record) {
  const std::size_t line = last_line(record);
  REFUSE_UNLESS(line != std::string_view::npos, "it is damaged, or nobody signed it");
  return record.substr(0, line);
}

Result<std::string_view> verified_text(std::string_view record, const TrustedKeys& keys) {
  TRY_ASSIGN(const std::string_view text, text_of_record(record));
  const std::string_view line = record.substr(text.size() + kSigned.size() - 1);
  TRY(keys.verify_line(text, line.substr(0, line.size() - 1)));
  return text;
}

}  // namespace swarmout
