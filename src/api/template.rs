//! `TemplateService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::template_service_server::TemplateService;
use crate::proto::v1::{
    CreateTemplateRequest, CreateTemplateResponse, DeleteTemplateRequest, DeleteTemplateResponse, GetTemplateRequest,
    GetTemplateResponse, ListTemplatesRequest, ListTemplatesResponse, PreviewTemplateRequest, PreviewTemplateResponse,
    UpdateTemplateRequest, UpdateTemplateResponse,
};
use crate::provisioning::Provisioning;
use crate::provisioning::paging::PageRequest;

use super::inbound::Inbound;
use super::{decode, encode, paging};

/// The adapter.
pub struct Templates(pub Arc<Provisioning>);

#[tonic::async_trait]
impl TemplateService for Templates {
    async fn create_template(
        &self,
        request: Request<CreateTemplateRequest>,
    ) -> Result<Response<CreateTemplateResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let draft = decode::template::create(message.template);
        let answer = self.0.create_template(&inbound.call, &message.tenant_id, draft, message.validate_only).await;
        let template = answer.map(encode::template::template);
        inbound.answer(template.map(|template| CreateTemplateResponse { template: Some(template) }))
    }

    async fn get_template(
        &self,
        request: Request<GetTemplateRequest>,
    ) -> Result<Response<GetTemplateResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let key = decode::template::key(message.kind, message.brand, &message.language_code, "");
        let answer = self.0.get_template(&inbound.call, &message.tenant_id, key).await;
        let template = answer.map(encode::template::template);
        inbound.answer(template.map(|template| GetTemplateResponse { template: Some(template) }))
    }

    async fn list_templates(
        &self,
        request: Request<ListTemplatesRequest>,
    ) -> Result<Response<ListTemplatesResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let page = PageRequest { size: message.page_size, token: message.page_token };
        let answer = self.0.list_templates(&inbound.call, &message.tenant_id, &page).await;
        inbound.answer(answer.map(|page| {
            let (templates, next_page_token) = paging::page(page, |item| item.key.clone(), encode::template::summary);
            ListTemplatesResponse { templates, next_page_token }
        }))
    }

    async fn update_template(
        &self,
        request: Request<UpdateTemplateRequest>,
    ) -> Result<Response<UpdateTemplateResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let UpdateTemplateRequest { tenant_id, template, update_mask, validate_only } = message;
        let patch = template.unwrap_or_default();
        let etag = patch.etag.clone();
        let key = decode::template::key(patch.kind, patch.brand.clone(), &patch.language_code, "template.");
        let change = |current: &_| decode::template::update(current, patch, update_mask);
        let answer = self.0.update_template(&inbound.call, &tenant_id, key, &etag, change, validate_only).await;
        let template = answer.map(encode::template::template);
        inbound.answer(template.map(|template| UpdateTemplateResponse { template: Some(template) }))
    }

    async fn delete_template(
        &self,
        request: Request<DeleteTemplateRequest>,
    ) -> Result<Response<DeleteTemplateResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let key = decode::template::key(message.kind, message.brand, &message.language_code, "");
        let answer = self.0.delete_template(&inbound.call, &message.tenant_id, key, &message.etag).await;
        inbound.answer(answer.map(|()| DeleteTemplateResponse {}))
    }

    async fn preview_template(
        &self,
        request: Request<PreviewTemplateRequest>,
    ) -> Result<Response<PreviewTemplateResponse>, Status> {
        let (inbound, mut message) = Inbound::open(request)?;
        let tenant_id = std::mem::take(&mut message.tenant_id);
        let preview = decode::template::preview(message);
        let answer = self.0.preview_template(&inbound.call, &tenant_id, preview).await;
        inbound.answer(answer.map(encode::template::preview))
    }
}
