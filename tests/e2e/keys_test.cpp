// Keys: made once, changed without a gap, or kept by a command.

#include "common/release/signing_pair.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

class Keys : public testing::Test {
protected:
  std::string source() const { return "dir:" + fleet_.scratch("source").native(); }
  void publish(const std::string& content) {
    if (!content.empty()) {
      write_file(fleet_.scratch("source") / "file", content);
    }
    Process seed = fleet_.seed(9, source(), {"--slot", std::to_string(++slots_)});
    ASSERT_EQ(seed.wait(), 0) << seed.err();
  }
  /// A leader serves the hosts that it can see.
  void wait_for_peers(std::size_t count) {
    ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == count; }));
  }
  Finished keys(const Fleet::Options& words) {
    Fleet::Options all{"keys"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--keys", fleet_.keys(), "--share", fleet_.url()});
    return fleet_.command(all);
  }
  void rotate(const std::string& step) {
    const Finished done = keys({"rotate", step});
    ASSERT_EQ(done.status, 0) << step << ": " << done.err;
  }
  std::string id_of(const Path& file) const { return VerifyKey::load(file).value().id(); }
  /// What host `number` finds active.
  bool has(int host, const std::string& content) const {
    return read_file(fleet_.current(host) / "file", kMiB).value_or("") == content;
  }
  /// The public keys of today, on a host of its own.
  Path copied(const std::string& name) const {
    const Path to = fleet_.scratch(name);
    std::filesystem::create_directories(to);
    const auto names = list_directory(fleet_.keys()).value();
    for (const std::string& each : names) {
      if (each.ends_with(".pub")) {
        std::filesystem::copy_file(fleet_.keys() / each, to / each, std::filesystem::copy_options::overwrite_existing);
      }
    }
    return to;
  }

  Fleet fleet_;
  int slots_ = 0;
};

}  // namespace

TEST_F(Keys, AreMadeOnceByAllWhoInitialiseAtTheSameTime) {
  const Path keys = fleet_.scratch("new-keys");
  std::vector<Process> all;
  for (int i = 0; i < 6; ++i) {
    all.push_back(fleet_.command_under({}, {"init", "--share", fleet_.url(), "--keys", keys.native()}));
  }
  for (Process& each : all) {
    EXPECT_EQ(each.wait(), 0) << each.err();
    EXPECT_THAT(each.out(), HasSubstr(id_of(keys / "swarmout.pub")));
  }
  EXPECT_EQ(list_directory(keys).value(),
            (std::vector<std::string>{"swarm.crt", "swarm.key", "swarmout.key", "swarmout.pub"}));
  EXPECT_EQ(fleet_.command({"init", "--share", fleet_.url(), "--keys", keys.native()}).status, 0);
}

TEST_F(Keys, AreChangedWhileTheFleetRunsWithoutAGap) {
  const Path before = copied("before");
  Process both = fleet_.peer(1);
  Process old_only = fleet_.peer(2, {"--keys", before.native()});
  wait_for_peers(2);
  publish("one");
  ASSERT_TRUE(wait_for([&] { return has(1, "one") && has(2, "one"); }));
  const std::string old_key = id_of(fleet_.keys() / "swarmout.pub");

  rotate("begin");
  const std::string new_key = id_of(fleet_.keys() / kNextPublicKeyFile);
  EXPECT_THAT(keys({"show"}).out, testing::AllOf(HasSubstr(old_key + "  yes"), HasSubstr(new_key + "  next")));
  publish("two");
  ASSERT_TRUE(wait_for([&] { return has(1, "two") && has(2, "two"); })) << both.err() << old_only.err();

  rotate("switch");
  EXPECT_THAT(keys({"show"}).out, testing::AllOf(HasSubstr(old_key + "  no"), HasSubstr(new_key + "  yes")));
  const Finished early = keys({"rotate", "end"});
  EXPECT_EQ(early.status, 75) << early.out;
  EXPECT_THAT(early.err, testing::AllOf(HasSubstr("the old key is still needed"), HasSubstr(old_key)));
  publish("three");
  ASSERT_TRUE(wait_for([&] { return has(1, "three"); })) << both.err();

  // Who was not given the new key says what there is, what to do, and keeps what it has.
  ASSERT_TRUE(wait_for([&] { return old_only.err().find("signed with key " + new_key) != std::string::npos; }));
  EXPECT_THAT(old_only.err(), HasSubstr("put its public half into " + before.native()));
  EXPECT_TRUE(has(2, "two"));
  EXPECT_TRUE(old_only.running());
  // Until it is: no restart is needed.
  copied("before");
  EXPECT_TRUE(wait_for([&] { return has(2, "three"); })) << old_only.err();

  rotate("end");
  EXPECT_EQ(id_of(fleet_.keys() / "swarmout.pub"), new_key);
  publish("four");
  EXPECT_TRUE(wait_for([&] { return has(1, "four") && has(2, "four"); })) << both.err() << old_only.err();
  EXPECT_TRUE(both.running());
}

TEST_F(Keys, ASourceThatDoesNotChangeIsSignedAnewWithTheNewKeyAndNothingIsExported) {
  write_file(fleet_.scratch("source") / "file", "one");
  const std::string counted = fleet_.counted_source(fleet_.scratch("source"));
  const auto publish_as = [&](const std::string& revision) {
    Process seed = fleet_.seed(9, counted, {"--slot", std::to_string(++slots_), "--revision", revision});
    ASSERT_EQ(seed.wait(), 0) << seed.err();
  };
  Process peer = fleet_.peer(1);
  wait_for_peers(1);
  publish_as("r1");
  ASSERT_TRUE(wait_for([&] { return has(1, "one"); }));
  rotate("begin");
  rotate("switch");

  publish_as("r1");

  EXPECT_EQ(fleet_.invocations(), 1);
  const Finished ended = keys({"rotate", "end"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  publish_as("r1");
  EXPECT_EQ(fleet_.status()["releases"].size(), 1u) << "once is enough, and what the old key signed is none any more";
  EXPECT_TRUE(has(1, "one"));
  write_file(fleet_.scratch("source") / "file", "two");
  publish_as("r2");
  EXPECT_TRUE(wait_for([&] { return has(1, "two"); })) << peer.err();
  EXPECT_EQ(fleet_.invocations(), 2);
}

TEST_F(Keys, ACommandSignsWhereThereIsNoKeyFile) {
  const Path keys = fleet_.scratch("hsm");
  std::filesystem::create_directories(keys);
  const std::string pem = fleet_.scratch("key.pem").native();
  const Finished made =
      run({{"/bin/sh", "-ec",
            fmt::format(
                "openssl genpkey -algorithm ed25519 -out {0}; {{ echo 'untrusted comment: x'; {{ printf 'Ed12345678'; "
                "openssl pkey -in {0} -pubout -outform DER | tail -c 32; }} | base64 -w0; }} > {1}/swarmout.pub",
                pem, keys.native())},
           {}},
          fleet_.scratch("openssl"));
  ASSERT_EQ(made.status, 0) << made.err;
  write_file(fleet_.scratch("source") / "file", "signed by a command");
  const std::string command = fmt::format("openssl pkeyutl -sign -rawin -inkey {} -in /dev/stdin | base64 -w0", pem);

  const Finished without = fleet_.command(
      {"seed", "--share", fleet_.url(), "--keys", keys.native(), "--state", fleet_.state(1), "--source", source()});
  EXPECT_EQ(without.status, 64);
  EXPECT_THAT(without.err, HasSubstr("--sign-command"));
  Process peer = fleet_.peer(2, {"--keys", keys.native()});
  wait_for_peers(1);
  Process seed =
      fleet_.seed(1, source(), {"--keys", keys.native(), "--heartbeat", "2s"}, {{"SWARMOUT_SIGN_COMMAND", command}});
  ASSERT_EQ(seed.wait(), 0) << seed.err();
  EXPECT_TRUE(wait_for([&] { return has(2, "signed by a command"); })) << peer.err();

  Process dead = fleet_.seed(1, source(), {"--keys", keys.native(), "--slot", "s", "--sign-command", command},
                             {{"SWARMOUT_FAILPOINT", "after-elected:kill"}});
  ASSERT_EQ(dead.wait(), 128 + SIGKILL) << dead.err();
  const Finished ended = fleet_.command({"abandon", "3", "--share", fleet_.url(), "--keys", keys.native(),
                                         "--heartbeat", "100ms", "--sign-command", command});
  EXPECT_EQ(ended.status, 0) << ended.err;
}

TEST_F(Keys, ACommandThatFailsIsSaidBeforeAnythingIsWritten) {
  write_file(fleet_.scratch("source") / "file", "x");
  Process seed = fleet_.seed(1, source(), {"--sign-command", "echo the token is locked >&2; exit 9"});

  EXPECT_EQ(seed.wait(), 1);
  EXPECT_EQ(fleet_.entries("CLAIM"), 0);
}

TEST_F(Keys, AProcessMayNotBeDumpedBeforeItReadsTheSecretKey) {
  const Path calls = fleet_.scratch("calls");
  Process shown = fleet_.command_under({"strace", "-o", calls.native(), "-e", "trace=prctl,openat"},
                                       {"keys", "show", "--keys", fleet_.keys().native()});
  ASSERT_EQ(shown.wait(), 0) << shown.err();

  const std::string text = read_file(calls, kMiB).value();
  const auto undumpable = text.find("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0");
  const auto secret = text.find("swarmout.key");
  ASSERT_NE(undumpable, std::string::npos) << text;
  ASSERT_NE(secret, std::string::npos) << text;
  EXPECT_LT(undumpable, secret);
}

}  // namespace swarmout::test
