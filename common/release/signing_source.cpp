#include "common/release/signing_source.hpp"

#include "common/base/host.hpp"
#include "common/base/key_values.hpp"
#include "common/base/subprocess.hpp"
#include "common/release/signing_records.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stop_token>
#include <thread>

namespace swarmout {

namespace {

constexpr std::string_view kSignCommand = "--sign-command";
constexpr Bytes kMaxPrinted = 1 * kKiB;  // 88 characters, and space around them

Result<SigningKey> key_of_file(const Path& file) {
  return SigningKey::load(file).map_error([&](Error error) {
    if (error.code == ErrorCode::not_found) {
      error = {ErrorCode::usage, fmt::format("this host may not lead: there is no {}", file.native()),
               "run `swarmout init` once and put the key into the image, or say what signs: --sign-command"};
    }
    return error;
  });
}

/// What a program can read from its beginning to its end without anybody who writes; no name leads to it.
Result<Fd> input_of(std::string_view bytes) {
  Fd file(::memfd_create("swarmout-to-sign", MFD_CLOEXEC));
  if (!file.valid()) {
    return fail_errno("cannot make", "the input of --sign-command", errno);
  }
  TRY(write_all(file.get(), as_bytes(bytes), "the input of --sign-command"));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) {
    return fail_errno("cannot rewind", "the input of --sign-command", errno);
  }
  return file;
}

/// Requests a stop when the time is over.
class Deadline {
public:
  explicit Deadline(std::chrono::milliseconds patience)
      : thread_([this, patience](const std::stop_token& over) {
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any ends;
          ends.wait_for(lock, over, patience, [] { return false; });
          if (!over.stop_requested()) {
            late_.request_stop();
          }
        }) {}

  [[nodiscard]] std::stop_token token() const { return late_.get_token(); }
  [[nodiscard]] bool passed() const { return late_.stop_requested(); }

private:
  std::stop_source late_;
  std::jthread thread_;  ///< ends first
};

class CommandRun {
public:
  explicit CommandRun(const SigningSource& source)
      : command_(source.command), quoted_(source.quoted), patience_(source.patience) {}

  /// Whatever 64 bytes it prints; nobody has verified them.
  Result<SignatureBytes> ask(std::string_view bytes) const {
    TRY_ASSIGN(const Fd input, input_of(bytes));
    Command command{{"/bin/sh", "-c", command_}};
    command.input = input.get();
    Result<std::string> printed;
    {
      const Deadline deadline(patience_);
      printed = run_and_capture(command, kMaxPrinted, deadline.token());
      if (!printed && deadline.passed()) {
        return fail(ErrorCode::temporary,
                    fmt::format("{} has not answered for {} s, and was ended", kSignCommand,
                                std::chrono::duration<double>(patience_).count()),
                    "see what it waits for: the agent, the module, its network");
      }
    }
    if (!printed) {
      Error error = printed.error();
      error.message = fmt::format("{} failed: {}", kSignCommand, quoted(error.message));
      return tl::unexpected(std::move(error));
    }
    return signature_from(*printed);
  }

private:
  std::string quoted(const std::string& text) const {
    if (quoted_) {
      return quoted_(text);
    }
    std::string line = text.substr(0, text.find_last_not_of(" \n") + 1);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return printable(std::move(line));
  }

  static Result<SignatureBytes> signature_from(std::string_view printed) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t begin = printed.find_first_not_of(kSpace);
    const std::size_t end = printed.find_last_not_of(kSpace);
    const std::string_view text = begin == std::string_view::npos ? "" : printed.substr(begin, end - begin + 1);
    const auto raw = signing::from_base64(text, sizeof(SignatureBytes), "it");
    if (!raw) {
      return fail(ErrorCode::refused,
                  fmt::format("{} printed no signature: {} bytes that are not the base64 of 64 bytes", kSignCommand,
                              printed.size()),
                  "it must print one line, the base64 of the bare Ed25519 signature, and nothing else");
    }
    SignatureBytes bare{};
    std::memcpy(bare.data(), raw->data(), bare.size());
    return bare;
  }

  std::string command_;
  std::function<std::string(std::string_view)> quoted_;
  std::chrono::milliseconds patience_;
};

class SigningCommand final : public Signer {
public:
  SigningCommand(const VerifyKey& open, CommandRun run) : Signer(open), run_(std::move(run)) {}

private:
  Result<SignatureBytes> sign_bytes(std::string_view bytes) const override {
    TRY_ASSIGN(const SignatureBytes bare, run_.ask(bytes));
    if (!verify_key().matches(bytes, bare)) {
      return fail(
          ErrorCode::refused,
          fmt::format("what {} printed is no signature of these bytes with key {}", kSignCommand, verify_key().id()),
          "it signs other bytes, a digest of them, or with another key than when this run began");
    }
    return bare;
  }

  CommandRun run_;
};

/// Which key does it have? It is not asked to say so: what it signs shows it.
Result<LeaderKeys> keys_of_command(const SigningSource& source) {
  TRY_ASSIGN(TrustedKeys trusted, TrustedKeys::load(source.keys));
  CommandRun run(source);
  const std::string probe = fmt::format("swarmout-probe 1\nnonce {}\n", random_nonce_hex());
  TRY_ASSIGN(const SignatureBytes bare, run.ask(probe));
  for (const TrustedKeys::Entry& each : trusted.entries()) {
    if (each.key.matches(probe, bare)) {
      const VerifyKey key = each.key;
      return LeaderKeys{std::make_unique<SigningCommand>(key, std::move(run)), std::move(trusted)};
    }
  }
  return fail(ErrorCode::refused,
              fmt::format("what {} printed is not a signature with a key that this host trusts ({})", kSignCommand,
                          trusted.names()),
              fmt::format("it must sign the bytes of its standard input as they are (Ed25519, no digest before it); "
                          "put its public key into {}",
                          source.keys.native()));
}

}  // namespace

Result<LeaderKeys> load_leader_keys(const SigningSource& source) {
  if (!source.command.empty()) {
    return keys_of_command(source);
  }
  const Path file = source.keys / kSecretKeyFile;
  TRY_ASSIGN(SigningKey key, key_of_file(file));
  TRY_ASSIGN(TrustedKeys trusted, TrustedKeys::load(source.keys));
  if (!trusted.has(key.verify_key().id())) {
    return fail(ErrorCode::refused,
                fmt::format("{} is key {}, and this host trusts {}: nobody would believe what it signs", file.native(),
                            key.verify_key().id(), trusted.names()),
                fmt::format("put its public half into {} on every host, or the right key here", source.keys.native()));
  }
  return LeaderKeys{std::make_unique<SigningKey>(std::move(key)), std::move(trusted)};
}

}  // namespace swarmout
