// The tenants of the PoC: what each is called, how large it is, how busy. Everything follows from
// the seed and the tenant's number, so that a run that was killed is carried on with the same.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace aipress::poc {

inline constexpr std::string_view kProject = "aipress-project";
inline constexpr std::string_view kRegion = "us-central1";
inline constexpr std::string_view kDomain = "aipress.io";
inline constexpr std::string_view kStateBucket = "aipress-terraform-state";
inline constexpr std::string_view kImportBucket = "aipress-project-imports";
inline constexpr std::string_view kImage =
    "us-central1-docker.pkg.dev/aipress-project/sites/wordpress:6";
inline constexpr std::string_view kRunTarget = "ghs.googlehosted.com.";  // of a domain mapping
inline constexpr std::string_view kDatabase = "wordpress";               // and its user's name
inline constexpr std::string_view kAdministrator = "admin";

// What the sites are used for; a label of the tenant's resources, and the shape of its traffic.
enum class TrafficClass { Development, Low, Medium, High };
[[nodiscard]] std::string_view to_string(TrafficClass traffic);

enum class SiteKind {
    Blog,
    Shop,    // WooCommerce-like tables
    Legacy,  // latin1, MyISAM, no primary key, zero dates
};
[[nodiscard]] std::string_view to_string(SiteKind kind);

// How much of everything a site has.
struct SiteSize {
    unsigned posts = 0;
    unsigned pages = 0;
    unsigned comments = 0;
    unsigned images = 0;
    unsigned orders = 0;             // rows of a shop's or a legacy site's own tables
    unsigned largest_image = 0;      // width in pixels
    unsigned requests_per_hour = 0;  // at the busiest hour of a day
};

// What the site signs its visitors' sessions with: who carries it on keeps them logged in.
struct SessionSecret {
    std::string_view variable = {};  // of the service's environment: "LOGGED_IN_KEY"
    std::string secret = {};         // "tenant-001-logged-in-key"
    std::string value = {};
};

struct Tenant {
    unsigned number = 0;
    std::uint64_t seed = 0;
    std::string name = {};   // "tenant-001"
    std::string title = {};  // of the site
    TrafficClass traffic = TrafficClass::Low;
    SiteKind kind = SiteKind::Blog;
    SiteSize size = {};

    [[nodiscard]] std::string instance() const { return name + "-db"; }
    [[nodiscard]] std::string bucket() const { return name + "-media"; }
    [[nodiscard]] std::string database_secret() const { return name + "-db-password"; }
    [[nodiscard]] std::string administrator_secret() const { return name + "-admin-password"; }
    // "tenant-001.aipress.io": see zone_of() for those beyond the first zone.
    [[nodiscard]] std::string host() const;
    [[nodiscard]] std::string database_password() const;
    [[nodiscard]] std::string administrator_password() const;
    // Sites only.
    [[nodiscard]] std::array<SessionSecret, 2> session_secrets() const;
};

[[nodiscard]] Tenant make_tenant(std::uint64_t seed, unsigned number);

// A zone of Cloud DNS holds 10,000 record sets, so a fleet needs several: the first tenants are in
// aipress.io itself, the next in b2.aipress.io, which it delegates, and so on.
inline constexpr unsigned kTenantsPerZone = 9'000;
struct DnsZone {
    unsigned number = 1;
    std::string name = {};      // "aipress-io", "aipress-io-b2"
    std::string dns_name = {};  // "aipress.io.", "b2.aipress.io."
};
[[nodiscard]] DnsZone make_zone(unsigned number);
[[nodiscard]] DnsZone zone_of(unsigned tenant);

}  // namespace aipress::poc
