/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
/**
 * The data login, heard on the I/O thread in front of FtpServer's command threads.
 *
 * <p>Bytes behind the line that logs a data connection in belong to the transfer. All other bytes reach the next filter
 * untouched and in order; the two exceptions are in {@link net.spsv.ftpserver.login.TransferWatch}.
 */
package net.spsv.ftpserver.login;
