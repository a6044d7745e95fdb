-- Statements of consents that were not revoked, and that the vendor still lists.
with summaries as (
  select
    *,
    extracted_at >= {{ hours_before(var('gone_after_hours'), 'max(extracted_at) over ()') }} as is_listed
  from {{ ref('stg_utilityapi__billing_summaries') }}
)

select summaries.*
from summaries
left join {{ ref('stg_utilityapi__authorizations') }} as authorizations
  on authorizations.authorization_uid = summaries.authorization_uid
where coalesce(summaries.is_listed, true) and not coalesce(authorizations.is_revoked, false)
