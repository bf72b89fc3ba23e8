#include "seeder/source/git/git_contents.hpp"

#include "seeder/source/tool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace swarmout {

namespace {

/// "HASH blob SIZE" is the longest line that is one.
constexpr std::size_t kMaxBlobHeader = 200;
constexpr std::string_view kBlob = " blob ";

}  // namespace

Result<GitContents> GitContents::start(Command command, const std::string& hashes, std::stop_token stop) {
  TRY_ASSIGN(const Fd input, text_as_input(hashes));
  command.input = input.get();
  TRY_ASSIGN(Subprocess child, Subprocess::start(command));
  return GitContents(std::move(child), std::move(stop));
}

Result<bool> GitContents::fill() {
  TRY_ASSIGN(const std::size_t got, child_.read(buffer_, stop_));
  rest_ = ByteView(buffer_).first(got);
  return got > 0;
}

Result<Bytes> GitContents::next() {
  std::string line;
  while (true) {
    const std::string_view text = as_text(rest_);
    const std::size_t end = std::min(text.find('\n'), text.size());
    line += text.substr(0, end);
    REFUSE_UNLESS(line.size() <= kMaxBlobHeader, "git says something else than what it should");
    if (end < text.size()) {
      rest_ = rest_.subspan(end + 1);
      break;
    }
    TRY_ASSIGN(const bool more, fill());
    REFUSE_UNLESS(more, fmt::format("git ends too early: {}", child_.last_words()));
  }
  const std::size_t kind = line.find(kBlob);
  REFUSE_UNLESS(kind != std::string::npos, "git has no such content: " + line);
  const char* const begin = line.data() + kind + kBlob.size();
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), left_);
  REFUSE_UNLESS(error == std::errc() && end == line.data() + line.size(), "git says no size: " + line);
  return left_;
}

Result<void> GitContents::content(const Take& take) {
  ++left_;  // a newline ends it
  while (left_ > 0) {
    if (rest_.empty()) {
      TRY_ASSIGN(const bool more, fill());
      REFUSE_UNLESS(more, fmt::format("git ends too early: {}", child_.last_words()));
    }
    const ByteView piece = rest_.first(std::min<Bytes>(left_, rest_.size()));
    rest_ = rest_.subspan(piece.size());
    left_ -= piece.size();
    const ByteView of_it = left_ == 0 ? piece.first(piece.size() - 1) : piece;
    if (auto taken = of_it.empty() ? Result<void>() : take(of_it); !taken) {
      take_failed_ = true;
      return taken;
    }
  }
  return {};
}

Result<void> GitContents::end() {
  REFUSE_UNLESS(rest_.empty(), "git says more than it was asked");
  TRY_ASSIGN(const bool more, fill());
  REFUSE_UNLESS(!more, "git says more than it was asked");
  TRY_ASSIGN(const int status, child_.wait(stop_));
  REFUSE_UNLESS(status == 0, fmt::format("git ended with status {}: {}", status, child_.last_words()));
  return {};
}

}  // namespace swarmout
