-- Statements of consents that were not revoked, and that the vendor still lists.
with summaries as (
  select summaries.*
  from {{ ref('stg_utilityapi__billing_summaries') }} as summaries
  left join {{ ref('stg_utilityapi__authorizations') }} as authorizations
    on authorizations.authorization_uid = summaries.authorization_uid
  where not coalesce(authorizations.is_revoked, false)
)

select *
from summaries
where coalesce(extracted_at >= {{ last_listed('summaries') }}, true)
