// Signed releases on a share in memory, as a leader with the right key, or a stranger with another one, puts them
// there.

#pragma once

#include "common/release/signing.hpp"
#include "peer/fetch/follow.hpp"
#include "tests/seeder/election/log_text.hpp"

namespace swarmout::test {

/// What signs releases.
class Signer {
public:
  explicit Signer(const SigningKey& key = fleet_key()) : key_(&key) {}
  [[nodiscard]] TrustedKeys trusted() const { return TrustedKeys(key_->verify_key()); }
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
  const SigningKey* key_;
};

/// A COMMIT under a claim, whatever the descriptor says: publish() would not write some of them.
inline Position commit_raw(Share& share, const Leadership& leadership, const SignedDescriptor& release,
                           const SigningKey& key = fleet_key()) {
  LogEntry entry;
  entry.kind = EntryKind::commit;
  entry.log = leadership.log;
  entry.position = leadership.claim.next();
  entry.previous = leadership.claim_digest;
  entry.owner = leadership.owner;
  entry.release = entry.position;
  entry.revision = release.descriptor.revision;
  entry.descriptor = release.text;
  entry.signature = release.signature;
  sign_in(entry, share.now().value());
  EXPECT_EQ(share.put(entry.position, encode_with(entry, key)).outcome, PutOutcome::won);
  return entry.position;
}

}  // namespace swarmout::test
