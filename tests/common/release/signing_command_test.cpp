// A command that signs, held by no better promise than what it prints.

#include "common/release/signing_source.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

/// The key is openssl's, in a file that swarmout never sees.
class SigningCommandTest : public testing::Test {
protected:
  SigningCommandTest() {
    EXPECT_THAT(make_directories(keys_), IsOk());
    shell("openssl genpkey -algorithm ed25519 -out key.pem");
    shell("openssl genpkey -algorithm ed25519 -out other.pem");
    shell(
        "{ echo 'untrusted comment: of openssl'; { printf 'Ed12345678'; openssl pkey -in key.pem -pubout -outform DER "
        "| tail -c 32; } | base64 -w0; echo; } > keys/swarmout.pub");
  }

  void shell(const std::string& script) const {
    const Finished done =
        run({{"/bin/sh", "-ec", fmt::format("cd '{}'; {}", temp_.path().native(), script)}, {}}, temp_ / "sh");
    EXPECT_EQ(done.status, 0) << script << "\n" << done.err;
  }
  std::string with(const std::string& key) const {
    return fmt::format("openssl pkeyutl -sign -rawin -inkey '{}' -in /dev/stdin | base64 -w0", (temp_ / key).native());
  }
  Result<LeaderKeys> load(const std::string& command, std::chrono::milliseconds patience = 60s) const {
    return load_leader_keys({keys_, command, {}, patience});
  }

  TempDir temp_;
  Path keys_ = temp_ / "keys";
  const std::string record_ = "swarmout-record 1\nname value\n";
};

}  // namespace

TEST_F(SigningCommandTest, SignsBothFormsWithItsOwnKeyWithoutAKeyFile) {
  ASSERT_OK_AND_ASSIGN(const LeaderKeys keys, load(with("key.pem")));

  EXPECT_EQ(keys.signer->verify_key().id(), "3837363534333231");
  ASSERT_OK_AND_ASSIGN(const std::string line, keys.signer->sign_line(record_));
  ASSERT_OK_AND_ASSIGN(const std::string minisig, keys.signer->sign(record_, "release 42"));
  EXPECT_THAT(keys.trusted.verify_line(record_, line), IsOk());
  EXPECT_THAT(keys.trusted.verify(record_, minisig), IsOk());

  write_file(temp_ / "text", record_);
  write_file(temp_ / "text.minisig", minisig);
  EXPECT_EQ(run({{"minisign", "-V", "-p", (keys_ / "swarmout.pub").native(), "-m", (temp_ / "text").native()}, {}},
                temp_ / "minisign")
                .status,
            0);
}

TEST_F(SigningCommandTest, OfSeveralTrustedKeysItsOwnIsFound) {
  ASSERT_OK(make_key_pair(temp_ / "more"));
  std::filesystem::copy_file(temp_ / "more/swarmout.pub", keys_ / "another.pub");

  ASSERT_OK_AND_ASSIGN(const LeaderKeys keys, load(with("key.pem")));

  EXPECT_EQ(keys.signer->verify_key().id(), "3837363534333231");
  EXPECT_EQ(keys.trusted.entries().size(), 2U);
}

TEST_F(SigningCommandTest, AKeyThatIsNotTrustedIsRefusedBeforeAnythingIsDone) {
  EXPECT_THAT(load(with("other.pem")), FailsWith(ErrorCode::refused, "3837363534333231"));
}

TEST_F(SigningCommandTest, ASignatureThatTurnsWrongLaterIsRefused) {
  const std::string command = fmt::format("if test -e '{0}/turned'; then {1}; else {2}; fi", temp_.path().native(),
                                          with("other.pem"), with("key.pem"));
  ASSERT_OK_AND_ASSIGN(const LeaderKeys keys, load(command));
  ASSERT_THAT(keys.signer->sign_line(record_), IsOk());
  write_file(temp_ / "turned", "");

  EXPECT_THAT(keys.signer->sign_line(record_), FailsWith(ErrorCode::refused, "no signature of these bytes"));
  EXPECT_THAT(keys.signer->sign(record_, ""), FailsWith(ErrorCode::refused, "no signature of these bytes"));
}

TEST_F(SigningCommandTest, OneThatFailsIsAnErrorWithItsLastWordsFitForATerminal) {
  const auto failed = load("printf 'no token\\033[2J in\\nslot 0' >&2; exit 3");

  EXPECT_THAT(failed, FailsWith(ErrorCode::failed, "status 3"));
  EXPECT_THAT(failed, FailsWith(ErrorCode::failed, "no token?[2J in slot 0"));
}

TEST_F(SigningCommandTest, OneThatHangsIsEndedWithAllThatItStarted) {
  const auto begin = std::chrono::steady_clock::now();

  EXPECT_THAT(load(fmt::format("sleep 1000 & echo $! > '{}/pid'; wait", temp_.path().native()), 5s),
              FailsWith(ErrorCode::temporary, "has not answered for 5 s"));

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 60s);
  const std::string pid = read_file(temp_ / "pid", kKiB).value_or("1");
  EXPECT_TRUE(wait_for([&] { return !path_exists("/proc/" + pid.substr(0, pid.find('\n'))); }));
}

TEST_F(SigningCommandTest, OneThatPrintsForEverIsEnded) {
  EXPECT_THAT(load("yes"), FailsWith(ErrorCode::refused, "prints more than expected"));
}

TEST_F(SigningCommandTest, TheBytesAreOnItsInputAndTheSettingsAreNotInItsEnvironment) {
  ::setenv("SWARMOUT_TEST_SECRET", "secret", 1);
  const std::string command = fmt::format(
      "cat > '{0}/got'; env > '{0}/env'; openssl pkeyutl -sign -rawin -inkey '{0}/key.pem' -in '{0}/got' | "
      "base64 -w0",
      temp_.path().native());
  const auto keys = load(command);
  ::unsetenv("SWARMOUT_TEST_SECRET");
  ASSERT_THAT(keys, IsOk());
  const std::string odd = std::string("swarmout-record 1\n$(touch x) `x` '\"\\\0\xff", 38);

  ASSERT_OK_AND_ASSIGN(const std::string line, keys->signer->sign_line(odd));

  EXPECT_EQ(read_file(temp_ / "got", kMiB).value(), odd);
  EXPECT_THAT(keys->trusted.verify_line(odd, line), IsOk());
  EXPECT_THAT(read_file(temp_ / "env", kMiB).value(), testing::Not(testing::HasSubstr("secret")));
}

TEST_F(SigningCommandTest, TwoThreadsMaySignAtOnce) {
  ASSERT_OK_AND_ASSIGN(const LeaderKeys keys, load(with("key.pem")));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string text = fmt::format("swarmout-record 1\nnumber {}\n", i);
      const auto line = keys.signer->sign_line(text);
      EXPECT_THAT(line, IsOk());
      EXPECT_THAT(keys.trusted.verify_line(text, line.value_or("")), IsOk());
    });
  }
}

namespace {

class NoSignature : public SigningCommandTest, public testing::WithParamInterface<const char*> {};

}  // namespace

TEST_P(NoSignature, IsRefused) {
  EXPECT_THAT(load(GetParam()), FailsWith(ErrorCode::refused, "printed no signature"));
}
INSTANTIATE_TEST_SUITE_P(Printed, NoSignature,
                         testing::Values("true", "echo", "cat", "echo yes", "head -c 63 /dev/zero | base64 -w0",
                                         "head -c 65 /dev/zero | base64 -w0", "head -c 64 /dev/zero",
                                         "head -c 64 /dev/zero | base64 -w0; echo; echo more"));

}  // namespace swarmout::test
