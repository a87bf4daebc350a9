// A sandbox with two buckets, Cloud Storage's client on it over a network that can be meddled with,
// and another client of its own: the others, who write meanwhile.
#pragma once

#include <gmock/gmock.h>
#include <map>
#include <memory>
#include <string>

#include "gcp/storage.h"
#include "testing/lossy_transport.h"
#include "testing/meddling_transport.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::testing {

class StorageStage : public ::testing::Test {
protected:
    explicit StorageStage(sandbox::SandboxOptions sandbox = {})
        : host_(clock_, std::move(sandbox)) {
        make_bucket("site");
        make_bucket("shard");
    }
    void make_bucket(std::string const& name) {
        int status = 0;
        while (status != 200 && status != 409) {  // there may be faults on purpose
            status = host_.post("/storage/v1/b?project=sandbox-project", {{"name", name}}).status;
        }
    }
    gcp::ConnectionOptions options() {
        return {.endpoints = {{"", host_.url()}}, .retry = {.random = [] { return 0.0; }}};
    }

    // By the others, in place of what there is.
    gcp::Object write(std::string const& bucket, std::string const& name, std::string const& bytes,
                      std::string const& type = "text/plain",
                      std::map<std::string, std::string> const& metadata = {}) {
        auto const there = others_.get_object(context_, bucket, name);
        auto made =
            others_.insert_object(context_,
                                  {.bucket = bucket,
                                   .name = name,
                                   .content_type = type,
                                   .metadata = metadata,
                                   .expected = there.ok() ? there->generation : gcp::kAbsent},
                                  bytes);
        EXPECT_THAT(made, IsOk());
        return made.release();
    }
    void remove(std::string const& bucket, std::string const& name) {
        auto const there = others_.get_object(context_, bucket, name);
        ASSERT_THAT(there, IsOk());
        EXPECT_THAT(others_.delete_object(context_, bucket, name, there->generation), IsOk());
    }
    // Bytes by name, of all.
    std::map<std::string, std::string> files(std::string const& bucket) {
        std::map<std::string, std::string> found;
        auto const listed = others_.list_objects(
            context_, {.bucket = bucket},
            [&](gcp::Object const& object) -> gcp::Outcome<gcp::Done> {
                auto const path = "/storage/v1/b/" + bucket + "/o/" +
                                  http::percent_encoded(object.name) + "?alt=media";
                found[object.name] = host_.get(path).text;
                return gcp::Done();
            });
        EXPECT_THAT(listed, IsOk());
        return found;
    }
    gcp::Object look(std::string const& bucket, std::string const& name) {
        auto found = others_.get_object(context_, bucket, name);
        EXPECT_THAT(found, IsOk());
        return found.release();
    }

    SystemClock clock_;
    SandboxHost host_;
    LossyTransport lossy_;
    MeddlingTransport network_{lossy_};
    gcp::HttpTransport network_of_others_;
    std::unique_ptr<gcp::TokenSource> const tokens_ = gcp::make_fixed_token("ya29.test");
    gcp::QuotaBroker quotas_{clock_};
    gcp::Connection const connection_{network_, *tokens_, quotas_, options()};
    gcp::Connection const connection_of_others_{network_of_others_, *tokens_, quotas_, options()};
    gcp::Storage const storage_{connection_};
    gcp::Storage const others_{connection_of_others_};
    Context const context_{clock_, Deadline::after(clock_, milliseconds(60'000)), {}};
};

}  // namespace aipress::testing
