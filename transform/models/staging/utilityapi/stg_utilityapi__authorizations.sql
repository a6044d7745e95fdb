with authorizations as (
  {{ raw('utilityapi_authorizations', {
    'uid': 'text', 'utility': 'text', 'customer_email': 'text', 'expires': 'text',
    'is_revoked': 'boolean', 'is_declined': 'boolean', 'is_expired': 'boolean',
    'revoked': 'timestamp', 'declined': 'timestamp'
  }) }}
)

select
  uid as authorization_uid,
  utility,
  customer_email as customer,
  expires as ends_text,
  {{ as_date('expires') }} as expires_on,
  coalesce(is_revoked, false) or revoked is not null as is_revoked,
  coalesce(is_declined, false) or declined is not null as is_declined,
  coalesce(is_expired, false) as is_expired
from authorizations
