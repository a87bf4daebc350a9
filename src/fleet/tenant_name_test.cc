#include "fleet/tenant_name.h"

#include <gmock/gmock.h>

#include "testing/status_matchers.h"

namespace aipress::fleet {
namespace {

using testing::HasError;
using ::testing::HasSubstr;

TEST(TenantNameTest, NamesThatLeadAstrayAreRefused) {
    for (auto const* const bad :
         {"", "..", "a/b", "Tenant", "-a", "a-", "a b", "1a", "a234567890123456789012345678901"}) {
        EXPECT_THAT(check_tenant_name(bad),
                    HasError(ErrorCode::InvalidArgument, HasSubstr("no tenant's name")));
    }
    EXPECT_TRUE(check_tenant_name("tenant-001").ok());
}

}  // namespace
}  // namespace aipress::fleet
