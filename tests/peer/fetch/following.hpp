// Signed releases on a share in memory, as a leader with the right key, or a stranger with another one, puts them
// there.

#pragma once

#include "common/release/signing.hpp"
#include "peer/fetch/follow.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace swarmout::test {

/// A key pair made for this test.
class Signer {
public:
  Signer() {
    EXPECT_THAT(make_key_pair(dir_.path()), IsOk());
    key_.emplace(SigningKey::load(dir_ / kSecretKeyFile).value());
  }
  [[nodiscard]] TrustedKeys trusted() const { return TrustedKeys::load(dir_.path()).value(); }
  [[nodiscard]] const SigningKey& key() const { return *key_; }
  [[nodiscard]] SignedDescriptor sign(SignedDescriptor release) const {
    release.text = encode(release.descriptor);
    release.signature = sign_text(release.text);
    return release;
  }
  [[nodiscard]] std::string sign_text(const std::string& text) const { return key_->sign(text, "test").value(); }
  [[nodiscard]] SignedDescriptor release(Position position, const std::string& revision) const {
    return sign(OtherHost::made_up(position, revision));
  }

private:
  TempDir dir_;
  std::optional<SigningKey> key_;
};

/// A COMMIT under a claim, whatever the descriptor says: publish() would not write some of them.
inline Position commit_raw(Share& share, const Leadership& leadership, const SignedDescriptor& release) {
  LogEntry entry;
  entry.kind = EntryKind::commit;
  entry.position = leadership.claim.next();
  entry.previous = leadership.claim_digest;
  entry.owner = leadership.owner;
  entry.release = entry.position;
  entry.revision = release.descriptor.revision;
  entry.descriptor = release.text;
  entry.signature = release.signature;
  sign_in(entry, share.now().value());
  EXPECT_EQ(share.put(entry.position, encode(entry)).outcome, PutOutcome::won);
  return entry.position;
}

}  // namespace swarmout::test
